#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gannet {

/** What joins the processes that train together: how they find one another, tell that they live, and end together. */
class RankLinks {
 public:
  RankLinks() = default;
  virtual ~RankLinks() = default;
  RankLinks(const RankLinks&) = delete;
  RankLinks& operator=(const RankLinks&) = delete;

  virtual int32_t rank() const = 0;
  virtual int32_t ranks() const = 0;

  /** The bytes of all ranks, one rank's behind another's. Every rank gives as many. @throws Error */
  virtual std::vector<char> exchange(const std::vector<char>& own) = 0;

  /** Replaces each of `count` numbers by its sum over all ranks. @throws Error where the links carry no numbers */
  virtual void all_reduce(float* numbers, int64_t count) = 0;
  virtual void all_reduce(int32_t* numbers, int64_t count) = 0;

  /** Tells the other ranks' watches that this one works. */
  virtual void beat() = 0;
  /** What is said, after what happened, where the run is ended. */
  virtual void set_advice(const std::string& text) = 0;
  /** Says what happened and ends every rank, this process among them. */
  virtual void abort(const std::string& message) = 0;
  /** Leaves the other ranks, once all do. */
  virtual void leave() = 0;
};

}  // namespace gannet
