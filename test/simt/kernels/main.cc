// simt-cases NAME: runs one case. What the case throws is printed after "error: ".

#include <cstring>
#include <exception>

#include "cases.h"

int main(int count, char** arguments) {
  using namespace gannet::kernels;
  for (const auto& list : {fault_cases(), sound_cases(), matrix_cases(), runtime_cases()}) {
    for (const Case& each : list) {
      if (count != 2 || std::strcmp(each.name, arguments[1]) != 0) continue;
      try {
        each.run();
      } catch (const std::exception& error) {
        std::printf("error: %s\n", error.what());
      }
      return 0;
    }
  }
  std::fprintf(stderr, "no such case\n");
  return 2;
}
