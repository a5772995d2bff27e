// What a client measures and tells in a line.

#pragma once

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <unistd.h>
#include <vector>

#include <sys/resource.h>

inline double processor_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](const timeval &time) { return time.tv_sec + time.tv_usec / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Taken {
  public:
    using Clock = std::chrono::steady_clock;

    /// What was before is forgotten.
    void begin() {
        micros.clear();
        start = Clock::now();
        before = processor_seconds();
    }

    /// A message was sent then, and is done.
    void took(Clock::time_point sent) {
        std::chrono::duration<double, std::micro> time = Clock::now() - sent;
        micros.push_back(time.count());
    }

    void tell() {
        double cpu = processor_seconds() - before;
        std::chrono::duration<double> time = Clock::now() - start;
        long pages = 0, resident = 0;
        std::ifstream("/proc/self/statm") >> pages >> resident;
        std::cout << time.count() << ' ' << cpu << ' ' << resident * sysconf(_SC_PAGESIZE) << ' '
                  << quantile(0.5) << ' ' << quantile(0.9) << ' ' << quantile(0.99) << ' '
                  << quantile(0.999) << std::endl;
    }

  private:
    std::vector<double> micros;
    Clock::time_point start;
    double before = 0;

    double quantile(double share) {
        auto index = static_cast<size_t>(share * static_cast<double>(micros.size() - 1));
        std::nth_element(micros.begin(), micros.begin() + index, micros.end());
        return micros[index];
    }
};
