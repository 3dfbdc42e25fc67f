#include "main/torture/report.h"

#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace veredus::torture {
namespace {

namespace json = boost::json;

double milliseconds(std::chrono::microseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string row(std::string_view name, std::string_view value, std::string_view remark = {}) {
  if (remark.empty()) return fmt::format("  {:<24}{:>12}\n", name, value);
  return fmt::format("  {:<24}{:>12}   {}\n", name, value, remark);
}

std::string_view queue_says(const MissingCopy& copy) {
  if (!copy.queued) return "what became of it is not known";
  return *copy.queued ? "it is still in the queue" : "it is not in the queue";
}

std::string id_text(const MissingCopy& copy) {
  const QueueId id = copy.missing.acknowledgement.id;
  return id == QueueId{} ? "without an id" : text(id);
}

std::string describe(const MissingCopy& copy) {
  return fmt::format(
      "    {}  number {} for <{}>: acknowledged {:.1f} s after the start, after {} "
      "kills; {}\n",
      id_text(copy), copy.missing.copy.number, copy.recipient, copy.acknowledged_after.count(),
      copy.missing.acknowledgement.life, queue_says(copy));
}

std::string verdict(const Report& report) {
  const Counts& counts = report.counts;
  if (!report.verified)
    return fmt::format("{}: {} recipients were not yet verified",
                       report.interrupted ? "interrupted" : "it could not go on",
                       grouped(report.missing));
  if (report.missing > 0)
    return fmt::format("{} RECIPIENTS ARE MISSING THEIR MAIL", grouped(report.missing));
  if (counts.changed > 0) return fmt::format("{} MAILS WERE CHANGED", grouped(counts.changed));
  if (counts.doubled > 0)
    return fmt::format("{} MAILS WERE DELIVERED TWICE WITHOUT CAUSE", grouped(counts.doubled));
  if (counts.messages == 0) return "nothing was acknowledged, so nothing was shown";
  if (!report.all_is_well()) return "nothing was lost, but see the problems above";
  return "nothing was lost";
}

/// Minutes when there are whole ones to speak of.
std::string duration_text(std::chrono::duration<double> time) {
  return time.count() < 90 ? fmt::format("{:.0f} s", time.count())
                           : fmt::format("{:.4g} min", time.count() / 60);
}

std::string rows(const Report& report) {
  const Counts& counts = report.counts;
  std::string out;
  out += row(report.verified ? "lost" : "not yet arrived", grouped(report.missing));
  out += row("changed", grouped(counts.changed));
  out += row("recipients acknowledged", grouped(counts.acknowledged));
  out += row("recipients reached", grouped(counts.arrived));
  out += row("delivered twice", grouped(counts.doubled), "never allowed: it had been noted");
  out += row("... after a kill", grouped(counts.doubled_after_kill),
             "allowed: killed before it was noted");
  out += row("... after a cut", grouped(counts.doubled_after_cut),
             "allowed: taken by the next hop, which cut before its 250");
  out += row("without our seeing 250", grouped(counts.unconfirmed),
             "allowed: killed before it was said");
  out += row("refused for the moment", grouped(report.refused));
  out += row("cut off", grouped(report.cut));
  out += row("messages a second", fmt::format("{:.0f}", report.messages_per_second()));
  out += row("final dot to 250", fmt::format("{:.1f} ms", milliseconds(report.median)), "median");
  out += row("", fmt::format("{:.1f} ms", milliseconds(report.percentile_99)), "99 of 100");
  out += row("", fmt::format("{:.1f} ms", milliseconds(report.longest)), "longest");
  if (report.flushes_per_second)
    out += row("flushes a second", fmt::format("{:.0f}", *report.flushes_per_second));
  out += row("queue emptied within", fmt::format("{:.1f} s", report.drain_time.count()));
  return out;
}

json::object as_json(const MissingCopy& copy) {
  json::object out{{"number", copy.missing.copy.number},
                   {"recipient", copy.recipient},
                   {"id", nullptr},
                   {"acknowledged_after_seconds", copy.acknowledged_after.count()},
                   {"kills_before", copy.missing.acknowledgement.life},
                   {"queued", nullptr}};
  if (copy.missing.acknowledgement.id != QueueId{}) out["id"] = id_text(copy);
  if (copy.queued) out["queued"] = *copy.queued;
  return out;
}

}  // namespace

double Report::messages_per_second() const noexcept {
  return load_time.count() > 0 ? static_cast<double>(counts.messages) / load_time.count() : 0;
}

bool Report::all_is_well() const noexcept {
  return verified && !interrupted && missing == 0 && counts.changed == 0 && counts.doubled == 0 &&
         counts.strangers == 0 && crashes == 0 && still_queued == 0 && problems.empty() &&
         counts.messages > 0;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string for_people(const Report& report) {
  std::string out = fmt::format("{} messages acknowledged in {} over {} kills\n\n",
                                grouped(report.counts.messages), duration_text(report.load_time),
                                grouped(report.kills));
  out += rows(report);
  if (report.still_queued > 0)
    out += row("still queued", grouped(report.still_queued), "after minutes without a delivery");
  if (report.counts.strangers > 0)
    out += row("not of our making", grouped(report.counts.strangers), "bounces, or worse");
  if (report.crashes > 0)
    out += row("ended by itself", grouped(report.crashes), "the server, without being killed");
  for (const MissingCopy& copy : report.missing_copies) out += describe(copy);
  if (report.missing > report.missing_copies.size()) out += "    ...\n";
  for (const std::string& problem : report.problems) out += "  problem: " + problem + '\n';
  return out + "\nverdict: " + verdict(report) + '\n';
}

std::string for_programs(const Report& report) {
  const Counts& counts = report.counts;
  json::array missing;
  for (const MissingCopy& copy : report.missing_copies) missing.push_back(as_json(copy));
  json::object out{
      {"nothing_lost", report.all_is_well()},
      {"interrupted", report.interrupted},
      {"seconds", report.load_time.count()},
      {"sessions", report.sessions},
      {"seed", report.seed},
      {"kills", report.kills},
      {"ended_by_itself", report.crashes},
      {"messages_acknowledged", counts.messages},
      {"recipients_acknowledged", counts.acknowledged},
      {"recipients_reached", counts.arrived},
      {"lost", report.missing},
      {"missing", std::move(missing)},
      {"changed", counts.changed},
      {"delivered_twice", counts.doubled},
      {"delivered_twice_after_kill", counts.doubled_after_kill},
      {"delivered_twice_after_cut", counts.doubled_after_cut},
      {"arrived_unacknowledged", counts.unconfirmed},
      {"strangers", counts.strangers},
      {"refused", report.refused},
      {"cut_off", report.cut},
      {"messages_per_second", report.messages_per_second()},
      {"milliseconds_to_250", json::object{{"p50", milliseconds(report.median)},
                                           {"p99", milliseconds(report.percentile_99)},
                                           {"max", milliseconds(report.longest)}}},
      {"flushes_per_second", nullptr},
      {"drain_seconds", report.drain_time.count()},
      {"still_queued", report.still_queued},
      {"problems", json::array(report.problems.begin(), report.problems.end())},
  };
  if (!report.verified) out["lost"] = nullptr;
  if (report.flushes_per_second) out["flushes_per_second"] = *report.flushes_per_second;
  return json::serialize(out);
}

}  // namespace veredus::torture
