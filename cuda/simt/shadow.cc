#include "shadow.h"

namespace gannet::simt {
namespace {

constexpr uint64_t kForbidden = ~uint64_t{0};

/** A write, packed: time 44 bits | thread 10 | bytes written 4 | bytes ever initialised 4 | atomic 1 | copy in flight 1. */
struct Write {
  Time time;
  unsigned thread;
  unsigned mask;
  unsigned initialised;
  bool atomic;
  bool in_flight;

  explicit Write(uint64_t bits)
      : time(bits >> 20),
        thread(bits >> 10 & 1023),
        mask(bits >> 6 & 15),
        initialised(bits >> 2 & 15),
        atomic(bits >> 1 & 1),
        in_flight(bits & 1) {}
  Write(const Observer& observer, unsigned bytes, unsigned known)
      : time(observer.now), thread(observer.thread), mask(bytes), initialised(known), atomic(false), in_flight(false) {}
  uint64_t pack() const {
    return time << 20 | uint64_t{thread} << 10 | mask << 6 | initialised << 2 | unsigned{atomic} << 1 | unsigned{in_flight};
  }
};

/** Who else read the word since the last barrier of the block. */
enum Sharing : unsigned { only_one, only_one_warp, many_warps };

/** A read, packed: time 44 bits | thread 10 | bytes 4 | sharing 2 | read by another block of the launch 1. */
struct Read {
  Time time;
  unsigned thread;
  unsigned mask;
  Sharing sharing;
  bool other_block;

  explicit Read(uint64_t bits)
      : time(bits >> 20),
        thread(bits >> 10 & 1023),
        mask(bits >> 6 & 15),
        sharing(static_cast<Sharing>(bits >> 4 & 3)),
        other_block(bits >> 3 & 1) {}
  uint64_t pack() const { return time << 20 | uint64_t{thread} << 10 | mask << 6 | sharing << 4 | unsigned{other_block} << 3; }
};

enum class Relation { ordered, own, concurrent, other_block };

bool same_warp(unsigned a, unsigned b) { return a / 32 == b / 32; }

Relation relation(Time time, unsigned thread, const Observer& observer) {
  if (time >= observer.block_barrier) {
    if (thread == observer.thread) return Relation::own;
    return same_warp(thread, observer.thread) && time < observer.warp_barrier ? Relation::ordered : Relation::concurrent;
  }
  return time >= observer.launch && time < observer.block ? Relation::other_block : Relation::ordered;
}

Verdict against_write(const Write& write, unsigned mask, bool atomic, const Observer& observer) {
  if ((write.mask & mask) == 0 || (write.atomic && atomic)) return {};
  switch (relation(write.time, write.thread, observer)) {
    case Relation::concurrent: return {Finding::race_with_write, write.thread};
    case Relation::other_block: return {Finding::race_with_other_block, write.thread};
    default: return {};
  }
}

Verdict against_read(const Read& read, unsigned mask, const Observer& observer) {
  if ((read.mask & mask) == 0) return {};
  const Relation to = relation(read.time, read.thread, observer);
  if (to == Relation::other_block || (read.other_block && read.time >= observer.block)) {
    return {Finding::race_with_other_block, read.thread};
  }
  if (read.time < observer.block_barrier) return {};
  const bool others = read.sharing == many_warps ||
                      (read.sharing == only_one_warp && (read.time >= observer.warp_barrier || !same_warp(read.thread, observer.thread)));
  if (to == Relation::concurrent || others) return {Finding::race_with_read, read.thread};
  return {};
}

void record_read(Cell& cell, unsigned mask, const Observer& observer) {
  const Read old(cell.read);
  Read next(0);
  next.time = observer.now;
  next.thread = observer.thread;
  next.mask = mask;
  next.sharing = only_one;
  next.other_block = old.time >= observer.launch && (old.time < observer.block || old.other_block);
  if (next.other_block) next.mask |= old.mask;
  if (old.time >= observer.block_barrier) {
    next.mask |= old.mask;
    const bool shares_warp = same_warp(old.thread, observer.thread);
    if (old.sharing == many_warps || !shares_warp) {
      next.sharing = many_warps;
    } else if (old.time >= observer.warp_barrier && (old.thread != observer.thread || old.sharing == only_one_warp)) {
      next.sharing = only_one_warp;
    }
  }
  cell.read = next.pack();
}

Verdict judge_read(Cell& cell, unsigned mask, const Observer& observer, bool needs_initialised) {
  const Write write(cell.write);
  if (write.in_flight && (write.mask & mask) != 0) return {Finding::copy_in_flight, write.thread};
  const Verdict race = against_write(write, mask, false, observer);
  if (race.finding != Finding::none) return race;
  if (needs_initialised && (write.initialised & mask) != mask) return {Finding::uninitialised, 0};
  record_read(cell, mask, observer);
  return {};
}

Verdict judge_write(Cell& cell, unsigned mask, bool atomic, const Observer& observer) {
  const Write write(cell.write);
  if (write.in_flight && (write.mask & mask) != 0) return {Finding::copy_in_flight, write.thread};
  const Verdict written = against_write(write, mask, atomic, observer);
  if (written.finding != Finding::none) return written;
  const Verdict read = against_read(Read(cell.read), mask, observer);
  if (read.finding != Finding::none) return read;
  Write next(observer, mask, write.initialised | mask);
  if (relation(write.time, write.thread, observer) == Relation::own) next.mask |= write.mask;
  next.atomic = atomic;
  cell.write = next.pack();
  return {};
}

}  // namespace

Verdict judge_access(Cell& cell, unsigned mask, Access access, const Observer& observer, bool needs_initialised) {
  if (cell.write == kForbidden) return {Finding::forbidden, 0};
  if (access == Access::read) return judge_read(cell, mask, observer, needs_initialised);
  const bool known = !needs_initialised || (Write(cell.write).initialised & mask) == mask;
  if (access == Access::atomic && !known) return {Finding::uninitialised, 0};
  return judge_write(cell, mask, access == Access::atomic, observer);
}

Verdict begin_copy(Cell& cell, unsigned mask, const Observer& observer) {
  const unsigned initialised = Write(cell.write).initialised;
  const Verdict verdict = judge_write(cell, mask, false, observer);
  if (verdict.finding != Finding::none) return verdict;
  Write write(observer, mask, initialised & ~mask);
  write.in_flight = true;
  cell.write = write.pack();
  return {};
}

void end_copy(Cell& cell, unsigned mask, const Observer& observer) {
  cell.write = Write(observer, mask, Write(cell.write).initialised | mask).pack();
}

void mark_initialised(Cell& cell, unsigned mask) { cell.write |= uint64_t{mask} << 2; }
void mark_uninitialised(Cell& cell, unsigned mask) {
  if (cell.write == kForbidden) cell.write = 0;
  cell.write &= ~(uint64_t{mask} << 2);
}
void mark_forbidden(Cell& cell) { cell.write = kForbidden; }

}  // namespace gannet::simt
