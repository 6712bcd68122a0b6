#include "mutate.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <sstream>

namespace fuzz {

namespace {

using Type = Value::Type;

size_t below(size_t end, Random& random) { return random() % end; }

template <typename List>
auto& pick(List& list, Random& random) {
  return list[below(std::size(list), random)];
}

/** A value within a program, and the name it stands under; entries of a list have that of the list. */
struct Place {
  Value* value;
  std::string name;
};

void collect(Value& value, const std::string& name, std::vector<Place>& places) {
  places.push_back({&value, name});
  for (size_t i = 0; i < value.entries.size(); i++) {
    const std::string inner = value.type == Type::kObject && i < value.names.size() ? value.names[i] : name;
    collect(value.entries[i], inner, places);
  }
}

std::vector<Place> places_of(Value& program) {
  std::vector<Place> places;
  collect(program, "program", places);
  return places;
}

/** Null if the object has none of this name. */
Value* property(Value& object, const char* name) {
  const auto found = std::find(object.names.begin(), object.names.end(), name);
  return found == object.names.end() ? nullptr : &object.entries[static_cast<size_t>(found - object.names.begin())];
}

template <typename Condition>
std::vector<Place> places_where(Value& program, Condition condition) {
  std::vector<Place> places = places_of(program);
  places.erase(std::remove_if(places.begin(), places.end(), [&](const Place& place) { return !condition(place); }), places.end());
  return places;
}

bool is_number_list(const Value& value) {
  return value.type == Type::kArray &&
         std::all_of(value.entries.begin(), value.entries.end(), [](const Value& entry) { return entry.type == Type::kNumber; });
}

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

Value number(double value) { return {.type = Type::kNumber, .number = value}; }

std::vector<double> numbers_of(const Value& list) {
  std::vector<double> numbers;
  for (const Value& entry : list.entries) numbers.push_back(entry.number);
  return numbers;
}

void set_numbers(Value& list, const std::vector<double>& numbers) {
  list.entries.clear();
  for (const double value : numbers) list.entries.push_back(number(value));
  list.names.assign(list.entries.size(), "");
}

/** Other axes for as many elements: two axes become one, one becomes two, or an axis of 1 comes or goes. */
std::vector<double> regrouped(std::vector<double> shape, Random& random) {
  const size_t at = below(shape.size() + 1, random);
  const auto here = shape.begin() + static_cast<std::ptrdiff_t>(at);
  switch (below(4, random)) {
    case 0:
      if (at + 1 >= shape.size()) break;
      here[1] *= here[0];
      shape.erase(here);
      break;
    case 1: shape.insert(here, 1); break;
    case 2:
      if (here != shape.end() && *here == 1) shape.erase(here);
      break;
    default:
      double total = 1;
      for (const double size : shape) total *= size;
      shape.assign(total == 1 ? 0 : 1, total);
  }
  return shape;
}

/** Regroups the axes of a step's shape, or of every shape that is equal to it. */
void regroup(Value& program, Random& random) {
  const auto is_shape = [](const Place& place) { return place.name == "shape" && is_number_list(*place.value); };
  Value* steps = property(program, "steps");
  std::vector<Place> shapes = places_where(steps && below(4, random) > 0 ? *steps : program, is_shape);
  if (shapes.empty()) return;
  const std::vector<double> before = numbers_of(*pick(shapes, random).value);
  const std::vector<double> after = regrouped(before, random);
  const bool all = below(2, random) == 0;
  std::shuffle(shapes.begin(), shapes.end(), random);
  for (const Place& shape : shapes) {
    if (numbers_of(*shape.value) != before) continue;
    set_numbers(*shape.value, after);
    if (!all) return;
  }
}

/** Makes a number of elements another wherever it stands, and the arena so large that everything has room. */
void resize(Value& program, Random& random) {
  constexpr double kSizes[] = {1, 2, 3, 4, 5, 8, 16, 17};
  constexpr double kRoom = 1 << 16;
  const std::vector<Place> numbers = places_where(program, [](const Place& place) {
    return place.value->type == Type::kNumber && place.name != "offset" && place.name != "arenaBytes";
  });
  if (numbers.empty()) return;
  const double before = pick(numbers, random).value->number;
  const double after = pick(kSizes, random);
  for (const Place& place : numbers) {
    if (place.value->number == before) place.value->number = after;
  }
  for (const Place& place : places_of(program)) {
    if (place.name == "arenaBytes" && place.value->type == Type::kNumber) place.value->number = place.value->number * kRoom + kRoom;
    if (place.value->type != Type::kObject) continue;
    const Value* storage = property(*place.value, "storage");
    Value* offset = property(*place.value, "offset");
    if (storage && offset && storage->string == "arena") offset->number *= kRoom;
  }
}

/** Another number: a neighbour, or one around the limits of 31, 32, 40, 53 and 63 bits. */
void change_number(Value& program, Random& random) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  const double kNumbers[] = {
      0,       -1,     0.5,     2147483647, 2147483648, 4294967295, 4294967296,  1099511627776, 4503599627370497, 9007199254740991,
      -0x1p53, 0x1p63, -0x1p31, 1e300,      kInfinite,  -kInfinite, std::nan("")};
  std::vector<Place> numbers = places_where(program, [](const Place& place) { return place.value->type == Type::kNumber; });
  if (numbers.empty()) return;
  double& changed = pick(numbers, random).value->number;
  const double neighbours[] = {changed + 1, changed - 1, changed * 2, std::floor(changed / 2), -changed, changed + 64, changed - 64};
  changed = below(3, random) == 0 ? pick(kNumbers, random) : pick(neighbours, random);
}

/** A word that stands elsewhere under the same name, or one of those that the type of a slot may have. */
void change_word(Value& program, Random& random) {
  static const std::vector<std::pair<std::string, std::vector<std::string>>> kWords = {
      {"dtype", {"float32", "int32", "bfloat16"}},
      {"storage", {"arena", "feed", "variable"}},
      {"access", {"full", "channel", "sample", "scalar"}},
      {"kind", {"sum", "max"}},
      {"fn", split("add sub mul div neg exp log tanh relu select constant maximum equal")},
  };
  std::vector<Place> words = places_where(program, [](const Place& place) { return place.value->type == Type::kString; });
  if (words.empty()) return;
  const Place& chosen = pick(words, random);
  for (const auto& [name, choices] : kWords) {
    if (name == chosen.name) chosen.value->string = pick(choices, random);
  }
}

/** Drops, doubles or swaps entries of a list, or properties of an object. */
void change_list(Value& program, Random& random) {
  std::vector<Place> lists = places_where(program, [](const Place& place) { return !place.value->entries.empty(); });
  if (lists.empty()) return;
  Value& list = *pick(lists, random).value;
  list.names.resize(list.entries.size());
  const size_t i = below(list.entries.size(), random), j = below(list.entries.size(), random);
  const auto at = static_cast<std::ptrdiff_t>(i);
  switch (below(3, random)) {
    case 0:
      list.entries.erase(list.entries.begin() + at);
      list.names.erase(list.names.begin() + at);
      break;
    case 1: {
      const Value copy = list.entries[j];
      const std::string name = list.names[j];
      list.entries.insert(list.entries.begin() + at, copy);
      list.names.insert(list.names.begin() + at, name);
      break;
    }
    default: std::swap(list.entries[i], list.entries[j]);
  }
}

/** A value of another type. */
void change_type(Value& program, Random& random) {
  const Value kOthers[] = {
      {}, {.type = Type::kNull}, {.type = Type::kBoolean, .boolean = true}, {.type = Type::kArray}, {.type = Type::kObject}, number(7)};
  std::vector<Place> places = places_of(program);
  *pick(places, random).value = pick(kOthers, random);
}

/** Another op for a step that has the same attributes. */
void change_op(Value& program, Random& random) {
  static const std::vector<std::string> kOps = split(
      "elementwise reduce reduceSums reduceMoments constant reshape broadcast transpose concat slice pad matmul "
      "cholesky gather scatterAdd oneHot batchSimilarity batchSimilarityGradient conv2d conv2dInputGradient "
      "conv2dFilterGradient maxPool maxPoolGradient maxPoolGather averagePool averagePoolGradient upsampleNearest "
      "randomUniform randomNormal assign advanceRandom sgd momentum adagrad adadelta rmsprop adam");
  std::vector<Place> ops = places_where(program, [](const Place& place) { return place.name == "op"; });
  if (!ops.empty()) pick(ops, random).value->string = pick(kOps, random);
}

}  // namespace

void mutate(Value& program, Random& random) {
  using Change = void (*)(Value&, Random&);
  // What keeps programs valid comes more often.
  constexpr Change kChanges[] = {regroup,       regroup,     regroup,     resize,    resize,     change_number,
                                 change_number, change_word, change_list, change_op, change_type};
  for (size_t count = 1 + below(4, random); count > 0; count--) pick(kChanges, random)(program, random);
}

void cross(Value& program, const Value& other, Random& random) {
  Value copy = other;
  const std::vector<Place> places = places_of(program);
  const std::vector<Place> donors = places_of(copy);
  const Place& place = pick(places, random);
  std::vector<Place> alike;
  std::copy_if(donors.begin(), donors.end(), std::back_inserter(alike), [&](const Place& donor) { return donor.name == place.name; });
  if (alike.empty()) return;
  const Value donor = *pick(alike, random).value;
  const bool joined = place.value->type == Type::kArray && donor.type == Type::kArray && below(2, random) == 0;
  if (joined) {
    place.value->entries.insert(place.value->entries.end(), donor.entries.begin(), donor.entries.end());
    place.value->names.resize(place.value->entries.size());
  } else {
    *place.value = donor;
  }
}

}  // namespace fuzz
