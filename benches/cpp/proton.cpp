// The same exchange on Qpid Proton's C++ client: one thread, everything in the callbacks of its
// loop, with the addresses, properties, bodies and settlements of the other sides.
//
//   proton server PORT                 prints "ready", serves until its standard input ends
//   proton PATTERN PORT AT_A_TIME WHOLE BYTES
//                                      sends orders of so many bytes; prints seconds, seconds of
//                                      processor time, bytes held, and the microseconds that half,
//                                      nine of ten, 99 of 100 and 999 of 1000 messages took at most
//
// JSON is written and read by hand for these bodies alone, which is quicker than any library.

#include <proton/connection.hpp>
#include <proton/connection_options.hpp>
#include <proton/container.hpp>
#include <proton/delivery.hpp>
#include <proton/message.hpp>
#include <proton/message_id.hpp>
#include <proton/messaging_handler.hpp>
#include <proton/receiver.hpp>
#include <proton/receiver_options.hpp>
#include <proton/sender.hpp>
#include <proton/sender_options.hpp>
#include <proton/source.hpp>
#include <proton/source_options.hpp>
#include <proton/target.hpp>
#include <proton/timestamp.hpp>
#include <proton/tracker.hpp>
#include <proton/transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include <sys/resource.h>

namespace {

const std::string REQUESTS = "openstack.org/om/rpc/anycast/proton/openstack/orders";
const std::string NOTIFICATIONS = "openstack.org/om/notify/anycast/proton/openstack/orders.info";
const int TIMEOUT_MS = 60000;

std::string field(const std::string &json, const char *name) {
    size_t at = json.find(std::string("\"") + name + "\":");
    if (at == std::string::npos) throw std::runtime_error("no such field");
    at += std::strlen(name) + 3;
    if (json[at] == '"') return json.substr(at + 1, json.find('"', at + 1) - at - 1);
    return json.substr(at, json.find_first_of(",}", at) - at);
}

// Who orders; with a longer name an order has more bytes.
std::string customer = "Ada Lovelace";

std::string order(unsigned long count) {
    return "{\"customer\":\"" + customer + "\",\"item\":\"difference engine\",\"count\":"
        + std::to_string(count) + ",\"cents\":1799}";
}

std::string request(const char *method, unsigned long count) {
    return std::string("{\"request\":{\"method\":\"") + method + "\",\"args\":" + order(count)
        + "},\"context\":{}}";
}

std::string escaped(const std::string &text) {
    std::string result;
    for (char each : text) {
        if (each == '"') result += '\\';
        result += each;
    }
    return result;
}

std::string id() {
    static uint64_t next = 0;
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(getpid()),
                  static_cast<unsigned long long>(next++));
    return text;
}

std::string notification(unsigned long count) {
    std::string bare = "{\"message_id\":\"" + id()
        + "\",\"publisher_id\":\"bench\",\"event_type\":\"order.noted\",\"priority\":\"INFO\","
          "\"payload\":" + order(count) + ",\"timestamp\":\"2026-01-01 00:00:00.000000\"}";
    return "{\"request\":{\"oslo.version\":\"2.0\",\"oslo.message\":\"" + escaped(bare)
        + "\"},\"context\":{}}";
}

void expires(proton::message &message, int millis) {
    message.ttl(proton::duration(millis));
    message.expiry_time(proton::timestamp::now() + proton::duration(millis));
}

proton::receiver receive(proton::connection connection, const std::string &address, int credit) {
    proton::source_options source;
    source.address(address);
    proton::receiver_options options;
    options.source(source).credit_window(credit).name(id());
    return connection.open_receiver(address, options);
}

class Server : public proton::messaging_handler {
    std::string url;
    proton::connection connection;
    std::unordered_map<std::string, proton::sender> callers;
    int opened = 0;
    unsigned long noted = 0;

    void on_container_start(proton::container &container) override {
        connection = container.connect(url);
    }

    void on_connection_open(proton::connection &) override {
        receive(connection, "openstack.org/om/rpc/unicast/proton/openstack/orders/s1", 100);
        receive(connection, REQUESTS, 100);
        receive(connection, "openstack.org/om/rpc/multicast/proton/openstack/orders", 100);
        receive(connection, NOTIFICATIONS, 100);
    }

    void on_receiver_open(proton::receiver &) override {
        if (++opened == 4) {
            std::cout << "ready" << std::endl;
        }
    }

    void on_sender_close(proton::sender &sender) override {
        callers.erase(sender.target().address());
        sender.close();
    }

    void on_sender_error(proton::sender &) override {}

    void on_message(proton::delivery &, proton::message &request) override {
        auto body = proton::get<std::string>(request.body());
        if (request.reply_to().empty()) {
            // In a notification the quotes are escaped.
            noted += body.find("difference engine") != std::string::npos;
            return;
        }
        auto cost = std::stoul(field(body, "cents")) * std::stoul(field(body, "count"));
        proton::message reply("{\"response\":{\"item\":\"" + field(body, "item")
                              + "\",\"cents\":" + std::to_string(cost) + "}}");
        reply.to(request.reply_to());
        reply.correlation_id(request.id());
        expires(reply, static_cast<int>(
            (request.expiry_time() - proton::timestamp::now()).milliseconds()));
        auto caller = callers.find(request.reply_to());
        if (caller == callers.end()) {
            proton::sender_options options;
            options.name(id());
            auto sender = connection.open_sender(request.reply_to(), options);
            caller = callers.emplace(request.reply_to(), sender).first;
        }
        // Before it has left: it is sent settled.
        caller->second.send(reply).settle();
    }

  public:
    explicit Server(std::string url) : url(std::move(url)) {}
};

double processor_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](const timeval &time) { return time.tv_sec + time.tv_usec / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Client : public proton::messaging_handler {
    using Clock = std::chrono::steady_clock;

    std::string url;
    std::string pattern;
    unsigned long at_a_time;
    unsigned long whole;

    proton::connection connection;
    proton::sender sender;
    proton::receiver replies;
    std::string reply_to;
    struct Call {
        unsigned long count;
        Clock::time_point start;
    };
    std::unordered_map<std::string, Call> waiting;
    /// When the notifications left that are not accepted yet: they are in their order.
    std::deque<Clock::time_point> told;
    std::vector<double> micros;

    bool warm = false;
    bool over = false;
    unsigned long goal;
    unsigned long sent = 0;
    unsigned long done = 0;
    Clock::time_point start;
    double before = 0;

    void on_container_start(proton::container &container) override {
        connection = container.connect(url);
    }

    void on_connection_open(proton::connection &) override {
        proton::source_options source;
        source.dynamic(true).expiry_policy(proton::source::LINK_CLOSE);
        proton::receiver_options options;
        options.source(source).credit_window(200).name(id());
        replies = connection.open_receiver("", options);
    }

    void on_receiver_open(proton::receiver &receiver) override {
        reply_to = receiver.source().address();
        proton::sender_options options;
        options.name(id());
        sender = connection.open_sender(pattern == "notifications" ? NOTIFICATIONS : REQUESTS,
                                        options);
    }

    void on_sendable(proton::sender &) override { fill(); }

    void fill() {
        if (over) return;
        while (sent < goal && sender.credit() > 0 && (pattern == "casts" || sent - done < at_a_time)) {
            unsigned long count = sent++ % at_a_time;
            if (pattern == "calls") {
                call(count);
            } else if (pattern == "casts") {
                proton::message message(request("note", count));
                message.to(REQUESTS);
                auto start = Clock::now();
                sender.send(message).settle();
                took(start);
                ++done;
            } else {
                proton::message message(notification(count));
                message.to(NOTIFICATIONS);
                told.push_back(Clock::now());
                sender.send(message);
            }
        }
        if (done == goal) finish();
    }

    void call(unsigned long count) {
        proton::message message(request("order", count));
        std::string message_id = id();
        message.id(message_id);
        message.to(REQUESTS);
        message.reply_to(reply_to);
        expires(message, TIMEOUT_MS);
        waiting.emplace(std::move(message_id), Call{count, Clock::now()});
        sender.send(message);
    }

    void on_message(proton::delivery &, proton::message &reply) override {
        auto call = waiting.find(proton::get<std::string>(reply.correlation_id()));
        if (call == waiting.end()) return;
        auto body = proton::get<std::string>(reply.body());
        if (field(body, "item") != "difference engine"
            || std::stoul(field(body, "cents")) != call->second.count * 1799) {
            std::cerr << "an unexpected receipt: " << body << std::endl;
            std::exit(1);
        }
        took(call->second.start);
        waiting.erase(call);
        ++done;
        fill();
    }

    void on_tracker_accept(proton::tracker &) override {
        if (pattern == "notifications") {
            took(told.front());
            told.pop_front();
            ++done;
            fill();
        }
    }

    void took(Clock::time_point start) {
        std::chrono::duration<double, std::micro> time = Clock::now() - start;
        micros.push_back(time.count());
    }

    double quantile(double share) {
        auto index = static_cast<size_t>(share * static_cast<double>(micros.size() - 1));
        std::nth_element(micros.begin(), micros.begin() + index, micros.end());
        return micros[index];
    }

    /// The warming up, or what is measured.
    void finish() {
        if (warm) {
            double cpu = processor_seconds() - before;
            std::chrono::duration<double> time = Clock::now() - start;
            long pages = 0, resident = 0;
            std::ifstream("/proc/self/statm") >> pages >> resident;
            std::cout << time.count() << ' ' << cpu << ' ' << resident * sysconf(_SC_PAGESIZE)
                      << ' ' << quantile(0.5) << ' ' << quantile(0.9) << ' ' << quantile(0.99)
                      << ' ' << quantile(0.999) << std::endl;
            over = true;
            connection.close();
            return;
        }
        warm = true;
        micros.clear();
        sent = done = 0;
        goal = whole;
        start = Clock::now();
        before = processor_seconds();
        fill();
    }

  public:
    Client(std::string url, std::string pattern, unsigned long at_a_time, unsigned long whole)
        : url(std::move(url)), pattern(std::move(pattern)), at_a_time(at_a_time), whole(whole),
          goal((whole + 9) / 10) {}
};

} // namespace

int main(int count, char **words) {
    try {
        std::string role = count > 2 ? words[1] : "";
        std::string url = std::string("127.0.0.1:") + (count > 2 ? words[2] : "");
        if (role == "server" && count == 3) {
            std::thread([] {
                while (std::cin.get() != EOF) {}
                _exit(0);
            }).detach();
            Server server(url);
            proton::container(server).run();
        } else if (count == 6) {
            size_t bytes = std::stoul(words[5]), length = order(0).size();
            customer.append(bytes > length ? bytes - length : 0, 'e');
            Client client(url, role, std::stoul(words[3]), std::stoul(words[4]));
            proton::container(client).run();
        } else {
            std::cerr << "not understood" << std::endl;
            return 1;
        }
    } catch (const std::exception &error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
    return 0;
}
