#pragma once

// What the simulator remembers of each 4-byte word of shared and global memory: which bytes were ever written, and the latest
// write and read with their time, so that two accesses no barrier separates are recognised as a race.
//
// Time is a counter that grows at the start of each launch and block and whenever a barrier opens. An access is ordered before
// the running thread if it is older than the thread's last barrier: of the block, or for a thread of the same warp, of the warp.

#include <cstddef>
#include <cstdint>

namespace gannet::simt {

constexpr size_t kCellBytes = 4;
using Time = uint64_t;

/** The latest write and read of a word, packed; all zero for memory never touched. */
struct Cell {
  uint64_t write = 0;
  uint64_t read = 0;
};

/** The running thread as the shadow sees it. */
struct Observer {
  Time now = 0;
  /** Start of the launch, start of the block, last barrier of the block and of the warp. */
  Time launch = 0;
  Time block = 0;
  Time block_barrier = 0;
  Time warp_barrier = 0;
  unsigned thread = 0;
};

enum class Access { read, write, atomic };

enum class Finding {
  none,
  uninitialised,
  copy_in_flight,
  forbidden,
  race_with_write,
  race_with_read,
  race_with_other_block,
};

/** The outcome of an access: the first thing wrong with it, and the other thread where it takes two. */
struct Verdict {
  Finding finding = Finding::none;
  unsigned other_thread = 0;
};

// The bits of a cell that the inlined part of judge looks at; shadow.cc has the whole layout.
constexpr unsigned kTimeShift = 20;
constexpr uint64_t kWriteSettled = 15 << 2;         // every byte initialised
constexpr uint64_t kWriteUnsettled = 1;             // a copy in flight
constexpr uint64_t kReadByMany = 15 << 6 | 2 << 4;  // every byte read, by several warps

/** True if nothing is to be learned from this read: the word was written before the last barrier of the running block (and, if in
 *  this launch, by this block), and reads of all its bytes by several warps since that barrier are on record. */
inline bool is_settled_read(const Cell& cell, const Observer& observer) {
  const Time written = cell.write >> kTimeShift;
  return written < observer.block_barrier && (written < observer.launch || written >= observer.block) &&
         (cell.write & (kWriteSettled | kWriteUnsettled)) == kWriteSettled && cell.read >> kTimeShift >= observer.block_barrier &&
         (cell.read & kReadByMany) == kReadByMany;
}

/** The general case of judge. */
Verdict judge_access(Cell& cell, unsigned mask, Access access, const Observer& observer, bool needs_initialised);

/** Judges and records an access to the bytes of `mask` of one word. `needs_initialised` is false where the simulator cannot know
 *  what was written. */
inline Verdict judge(Cell& cell, unsigned mask, Access access, const Observer& observer, bool needs_initialised) {
  // Most accesses read whole words that many warps read since they were written before the last barrier.
  if (access == Access::read && is_settled_read(cell, observer)) return {};
  return judge_access(cell, mask, access, observer, needs_initialised);
}

/** Marks the bytes as the target of an asynchronous copy: unreadable until it lands. */
Verdict begin_copy(Cell& cell, unsigned mask, const Observer& observer);
/** The copy lands: written now by the observer, whatever was judged when it began. */
void end_copy(Cell& cell, unsigned mask, const Observer& observer);

/** Marks bytes written by the host. */
void mark_initialised(Cell& cell, unsigned mask);
void mark_uninitialised(Cell& cell, unsigned mask);
void mark_forbidden(Cell& cell);

/** Calls visit(cell, mask) for each word of [address, address + bytes); `cells` is the shadow from `base` on. Stops and gives
 *  false when visit does. */
template <typename Visit>
inline bool each_word(Cell* cells, uintptr_t base, uintptr_t address, size_t bytes, Visit visit) {
  uintptr_t offset = address - base;
  const uintptr_t end = offset + bytes;
  while (offset < end) {
    const uintptr_t word = offset / kCellBytes;
    const uintptr_t next = (word + 1) * kCellBytes < end ? (word + 1) * kCellBytes : end;
    const unsigned mask = ((1u << (next - offset)) - 1u) << (offset % kCellBytes);
    if (!visit(cells[word], mask)) return false;
    offset = next;
  }
  return true;
}

}  // namespace gannet::simt
