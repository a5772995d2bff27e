// So many servers that hear what is sent to all of them, on a connection, and their client on
// another.

#pragma once

#include "exchange.hpp"
#include "taken.hpp"

#include <proton/connection.hpp>
#include <proton/container.hpp>
#include <proton/delivery.hpp>
#include <proton/message.hpp>
#include <proton/messaging_handler.hpp>
#include <proton/receiver.hpp>
#include <proton/sender.hpp>
#include <proton/sender_options.hpp>
#include <proton/tracker.hpp>
#include <proton/work_queue.hpp>

#include <string>
#include <utility>

class Fan : public proton::messaging_handler {
    std::string url;
    unsigned long servers;
    unsigned long whole;

    proton::connection serving;
    proton::connection sending;
    proton::sender sender;
    unsigned long opened = 0;

    Taken taken;
    bool warm = false;
    unsigned long goal;
    unsigned long sent = 0;
    unsigned long heard = 0;

    void on_container_start(proton::container &container) override {
        serving = container.connect(url);
    }

    void on_connection_open(proton::connection &connection) override {
        if (connection == serving) {
            for (unsigned long server = 0; server < servers; ++server) receive(serving, FAN, 100);
            return;
        }
        proton::sender_options options;
        options.name(id());
        sender = connection.open_sender(FAN, options);
    }

    void on_receiver_open(proton::receiver &receiver) override {
        if (++opened == servers) sending = receiver.connection().container().connect(url);
    }

    void on_sendable(proton::sender &) override { fill(); }

    void fill() {
        while (sent < goal && sender.credit() > 0) {
            proton::message message(request("note", sent++ % servers));
            message.to(FAN);
            auto start = Taken::Clock::now();
            sender.send(message).settle();
            taken.took(start);
        }
    }

    void on_message(proton::delivery &, proton::message &request) override {
        auto body = proton::get<std::string>(request.body());
        heard += field(body, "item") == "difference engine";
        if (heard == goal * servers) finish();
    }

    /// The warming up, or what is measured.
    void finish() {
        if (warm) {
            taken.tell();
            sending.work_queue().add([this] { sending.close(); });
            serving.close();
            return;
        }
        warm = true;
        sent = heard = 0;
        goal = whole;
        taken.begin();
        // This is called for the servers' connection: what is sent from here would lie on the client's
        // until something wakes that one.
        sending.work_queue().add([this] { fill(); });
    }

  public:
    Fan(std::string url, unsigned long servers, unsigned long whole)
        : url(std::move(url)), servers(servers), whole(whole), goal((whole + 9) / 10) {}
};
