// The same exchange on Qpid Proton's C++ client: one thread, everything in the callbacks of its
// loop, with the addresses, properties, bodies and settlements of the other sides.
//
//   proton server PORT                 prints "ready", serves until its standard input ends
//   proton PATTERN PORT AT_A_TIME WHOLE BYTES
//                                      sends orders of so many bytes; prints seconds, seconds of
//                                      processor time, bytes held, and the microseconds that half,
//                                      nine of ten, 99 of 100 and 999 of 1000 messages took at most
//
// PATTERN is calls, casts, notifications, or fan-outs to AT_A_TIME servers, which are in this
// program as well.

#include "exchange.hpp"
#include "fan.hpp"
#include "taken.hpp"

#include <proton/connection.hpp>
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

#include <cstdlib>
#include <deque>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <unordered_map>

namespace {

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
        receive(connection, SERVERS, 100);
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

class Client : public proton::messaging_handler {
    using Clock = Taken::Clock;

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
    Taken taken;

    bool warm = false;
    bool over = false;
    unsigned long goal;
    unsigned long sent = 0;
    unsigned long done = 0;

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
                taken.took(start);
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
        taken.took(call->second.start);
        waiting.erase(call);
        ++done;
        fill();
    }

    void on_tracker_accept(proton::tracker &) override {
        if (pattern == "notifications") {
            taken.took(told.front());
            told.pop_front();
            ++done;
            fill();
        }
    }

    /// The warming up, or what is measured.
    void finish() {
        if (warm) {
            taken.tell();
            over = true;
            connection.close();
            return;
        }
        warm = true;
        sent = done = 0;
        goal = whole;
        taken.begin();
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
            unsigned long at_a_time = std::stoul(words[3]), whole = std::stoul(words[4]);
            if (role == "fan-outs") {
                Fan fan(url, at_a_time, whole);
                proton::container(fan).run();
                return 0;
            }
            Client client(url, role, at_a_time, whole);
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
