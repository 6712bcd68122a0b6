#include "worker.h"

#include "values.h"

namespace gannet {

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
  if (pending_++ == 0) {
    signal_.Ref(env_);
    busy_(true);
  }
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
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
  while (true) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || finishing_ || !queue_.empty(); });
      if (stopping_ || queue_.empty()) break;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    execute(*job);
    {
      const std::lock_guard lock(mutex_);
      done_.push_back(std::move(job));
    }
    signal_.NonBlockingCall();
  }
  const std::lock_guard lock(mutex_);
  device_.reset();
}

void Worker::execute(Job& job) {
  try {
    job.work(*device_);
  } catch (...) {
    job.failure = current_error();
  }
}

void Worker::on_settle(Napi::Env env, Napi::Function, Worker* worker, void*) {
  if (static_cast<napi_env>(env) != nullptr) worker->settle(env);
}

void Worker::on_teardown(void* worker) { static_cast<Worker*>(worker)->stop(); }

void Worker::settle(Napi::Env env) {
  std::unique_ptr<Job> job;
  {
    const std::lock_guard lock(mutex_);
    if (done_.empty()) return;
    job = std::move(done_.front());
    done_.pop_front();
  }
  const Napi::HandleScope scope(env);
  if (job->deferred) settle_promise(env, *job);
  job.reset();
  // One signal per job: when none is pending, none can arrive at a worker that is gone.
  if (--pending_ == 0) {
    signal_.Unref(env);
    busy_(false);
  }
}

void Worker::settle_promise(Napi::Env env, Job& job) {
  try {
    if (job.failure) {
      job.deferred->Reject(to_js(env, *job.failure).Value());
    } else {
      job.deferred->Resolve(job.result ? job.result(env) : env.Undefined());
    }
  } catch (const Napi::Error& error) {
    job.deferred->Reject(error.Value());
  }
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
