#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "mail/manage/handlers.h"

namespace veredus::manage {

namespace json = boost::json;

io::Task<Result<std::vector<queue::Listed>>> Pages::next() {
  Result<std::vector<queue::Listed>> page;
  if (!ids_.empty())
    page = co_await next_of_ids();
  else if (around_.queue != nullptr)
    page = co_await around_.queue->list(from_, size_);
  else
    page = co_await queue::list_stored(around_.storage, from_, size_);
  if (page && !page->empty()) {
    from_ = QueueId{static_cast<std::uint64_t>(page->back().envelope.id) + 1};
    looked_at_ += page->size();
  }
  co_return page;
}

io::Task<Result<std::vector<queue::Listed>>> Pages::next_of_ids() {
  std::vector<queue::Listed> page;
  while (next_id_ < ids_.size() && page.size() < size_) {
    const QueueId id = ids_[next_id_++];
    auto found = co_await find_message(around_, id);
    if (!found) co_return fail(found.error());
    if (*found)
      page.push_back(std::move(**found));
    else
      missing_.push_back(id);
  }
  co_return page;
}

io::Task<Result<std::optional<queue::Listed>>> find_message(const Surroundings& around,
                                                            QueueId id) {
  if (around.queue != nullptr) {
    auto found = co_await around.queue->find(id);
    co_return found;
  }
  auto page = co_await queue::list_stored(around.storage, id, 1);
  if (!page) co_return fail(page.error());
  std::optional<queue::Listed> found;
  if (!page->empty() && page->front().envelope.id == id) found = std::move(page->front());
  co_return found;
}

std::string progress_line(const Surroundings& around, const Progress& progress) {
  const std::size_t of = around.queue == nullptr ? 0 : around.queue->messages();
  return json::serialize(json::object{{"progress", json::object{{"looked_at", progress.looked_at},
                                                                {"matched", progress.matched},
                                                                {"changed", progress.changed},
                                                                {"of", of}}}});
}

}  // namespace veredus::manage
