#include "worker.h"

namespace gannet {

void* Job::add_buffer(Napi::ArrayBuffer buffer) {
  buffers.push_back(Napi::Persistent(buffer.As<Napi::Object>()));
  return buffer.Data();
}

Worker::Worker(Napi::Env env, std::unique_ptr<Device> device, std::function<void(bool)> busy)
    : env_(env), device_(std::move(device)), busy_(std::move(busy)) {
  signal_ = Signal::New(env, "gannet device", 0, 1, this);
  signal_.Unref(env);
  try {
    thread_ = std::thread([this] { work(); });
  } catch (...) {
    signal_.Release();
    throw;
  }
  // Registered after the thread-safe function, so it runs before that is torn down with its environment.
  napi_add_env_cleanup_hook(env, on_teardown, this);
}

Worker::~Worker() {
  if (stopped_) return;
  napi_remove_env_cleanup_hook(env_, on_teardown, this);
  stop();
  signal_.Release();
}

void Worker::post(std::unique_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  if (pending_++ == 0) {
    signal_.Ref(env_);
    busy_(true);
  }
  wake_.notify_one();
}

void Worker::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  wake_.notify_one();
}

void Worker::work() {
  device_->enter_thread();
  for (Jobs job = next(); !job.empty(); job = next()) {
    try {
      job.front()->work(*device_);
    } catch (...) {
      job.front()->failure = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      done_.splice(done_.end(), job);
    }
    signal_.NonBlockingCall();
  }
  const std::lock_guard lock(mutex_);
  device_.reset();
}

Worker::Jobs Worker::next() {
  Jobs job;
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || finishing_ || !queue_.empty(); });
  if (!stopping_ && !queue_.empty()) job.splice(job.end(), queue_, queue_.begin());
  return job;
}

void Worker::on_settle(Napi::Env env, Napi::Function, Worker* worker, void*) {
  if (static_cast<napi_env>(env) != nullptr) worker->settle(env);
}

void Worker::on_teardown(void* worker) { static_cast<Worker*>(worker)->stop(); }

/** The promise's value, or what kept it from being made. */
static void settle_job(Napi::Env env, Job& job) noexcept {
  try {
    if (job.failure) std::rethrow_exception(job.failure);
    job.settlement->resolve(job.result ? job.result(env) : env.Undefined());
  } catch (...) {
    job.settlement->reject_with_current();
  }
}

void Worker::settle(Napi::Env env) noexcept {  // NOLINT(bugprone-exception-escape): see worker.h
  Jobs job;
  {
    const std::lock_guard lock(mutex_);
    if (done_.empty()) return;
    job.splice(job.end(), done_, done_.begin());
  }
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (job.front()->settlement) settle_job(env, *job.front());
  job.clear();
  // One signal per job: when none is pending, none can arrive at a worker that is gone.
  if (--pending_ == 0) {
    signal_.Unref(env);
    try {
      busy_(false);
    } catch (const Napi::Error&) {
      // An environment that ends refuses, and lets go of everything by itself.
    }
  }
  napi_close_handle_scope(env, scope);
}

void Worker::stop() {
  if (stopped_) return;
  stopped_ = true;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (device_) device_->cancel();
  }
  wake_.notify_one();
  thread_.join();
  queue_.clear();
  done_.clear();
}

}  // namespace gannet
