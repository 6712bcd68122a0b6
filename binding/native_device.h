#pragma once

#include <napi.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "program.h"
#include "worker.h"

namespace gannet {

/** The JavaScript class behind NativeDevice (src/device/native.ts): checks arguments, then hands work to the device's thread.
 *  Methods that return promises reject them; the others throw. */
class NativeDevice : public Napi::ObjectWrap<NativeDevice> {
 public:
  static Napi::Function define_class(Napi::Env env);

  /** new (kind: string, options: { threads: number, precision: string }) */
  explicit NativeDevice(const Napi::CallbackInfo& info);

 private:
  struct Loaded {
    std::shared_ptr<const Program> program;
    std::vector<int64_t> variables;
  };

  // Everything that JavaScript gives is read before state is looked up: reading may run code of the user, which may call this object.
  Napi::Value create_variable(const Napi::CallbackInfo& info);
  Napi::Value release_variable(const Napi::CallbackInfo& info);
  Napi::Value unload(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  void fill_write(const Napi::CallbackInfo& info, Job& job);
  void fill_read(const Napi::CallbackInfo& info, Job& job);
  void fill_load(const Napi::CallbackInfo& info, Job& job);
  void fill_run(const Napi::CallbackInfo& info, Job& job);
  void fill_memory_use(const Napi::CallbackInfo& info, Job& job);

  using Method = Napi::Value (NativeDevice::*)(const Napi::CallbackInfo&);
  using Fill = void (NativeDevice::*)(const Napi::CallbackInfo&, Job&);
  template <Method method>
  Napi::Value guarded_method(const Napi::CallbackInfo& info) noexcept;
  /** A promise for the job that `fill` describes, rejected where `fill` throws. */
  template <Fill fill>
  Napi::Value promise(const Napi::CallbackInfo& info);

  void expect_open() const;
  size_t variable_bytes(int64_t id) const;
  const Loaded& loaded(int64_t id) const;
  void check_bindings(const Loaded& loaded) const;

  std::map<int64_t, size_t> variables_;
  std::map<int64_t, Loaded> programs_;
  int64_t next_id_ = 1;
  bool closed_ = false;
  std::unique_ptr<Worker> worker_;
};

}  // namespace gannet
