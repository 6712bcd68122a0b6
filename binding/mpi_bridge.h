#pragma once

#include <cstdint>

// What the addon asks of MPI, in plain C. The addon does not link MPI: a small library that `gannet build --mpi` compiles against the
// system's mpi.h answers, since the types of MPI differ between its implementations.
namespace gannet {

/** Counts the changes of MpiBridge. */
constexpr int32_t kMpiBridgeVersion = 1;

/** Functions that answer a problem give null where there is none, else a text to be read before the same thread calls again. */
struct MpiBridge {
  /** kMpiBridgeVersion of the sources that the library was compiled from. */
  int32_t version;
  /** Joins the other ranks. From then on, rank 0 and each other rank tell one another every second that they live; who hears nothing
   *  of the other for `patience_seconds` says so and ends the whole run. */
  const char* (*start)(int32_t* rank, int32_t* ranks, int32_t patience_seconds);
  /** Replaces each of `count` numbers, float or int32_t, by its sum over all ranks. Any thread, one at a time. */
  const char* (*all_reduce)(void* data, int64_t count, bool is_integer);
  /** This rank works: without a beat, it stops telling the others that it lives. */
  void (*beat)();
  /** What is said, after what happened, where the run is ended. */
  void (*set_advice)(const char* text);
  /** Says what happened and ends every rank. Does not return. */
  void (*abort)(const char* message);
  /** Leaves the other ranks, once all do. */
  void (*finish)();
};

/** The library's only export, `gannet_mpi_bridge`. */
using MpiBridgeFunction = const MpiBridge* (*)();

}  // namespace gannet
