// Replays seed inputs through a fuzz target without libFuzzer: every file of the folder named on
// the command line, and every cut-off beginning of the short ones.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kCutOffUpTo = 512;

void feed(const std::string& input, std::size_t size) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), size);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER (a seed corpus is required)\n", argv[0]);
    return 1;
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string input((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    feed(input, input.size());
    for (std::size_t size = 0; size < input.size() && input.size() <= kCutOffUpTo; ++size)
      feed(input, size);
    ++files;
  }
  std::printf("replayed %zu inputs\n", files);
  return files == 0 ? 1 : 0;
}
