#pragma once

#include <random>

#include "json.h"

// Changes to programs that know how a program is built, so that most of what they make is refused late or not at all.
namespace fuzz {

using Random = std::minstd_rand;

/** Changes one to four things of a program. */
void mutate(Value& program, Random& random);

/** Puts something of another program in the place of its like, or the other's steps behind its own. */
void cross(Value& program, const Value& other, Random& random);

}  // namespace fuzz
