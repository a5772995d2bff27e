// What is exchanged: the addresses and bodies of the other sides.
//
// JSON is written and read by hand for these bodies alone, which is quicker than any library.

#pragma once

#include <proton/connection.hpp>
#include <proton/message.hpp>
#include <proton/receiver.hpp>
#include <proton/receiver_options.hpp>
#include <proton/source_options.hpp>
#include <proton/timestamp.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <unistd.h>

const std::string REQUESTS = "openstack.org/om/rpc/anycast/proton/openstack/orders";
const std::string SERVERS = "openstack.org/om/rpc/multicast/proton/openstack/orders";
const std::string FAN = "openstack.org/om/rpc/multicast/proton/openstack/fan";
const std::string NOTIFICATIONS = "openstack.org/om/notify/anycast/proton/openstack/orders.info";
const int TIMEOUT_MS = 60000;

inline std::string field(const std::string &json, const char *name) {
    size_t at = json.find(std::string("\"") + name + "\":");
    if (at == std::string::npos) throw std::runtime_error("no such field");
    at += std::strlen(name) + 3;
    if (json[at] == '"') return json.substr(at + 1, json.find('"', at + 1) - at - 1);
    return json.substr(at, json.find_first_of(",}", at) - at);
}

// Who orders; with a longer name an order has more bytes.
inline std::string customer = "Ada Lovelace";

inline std::string order(unsigned long count) {
    return "{\"customer\":\"" + customer + "\",\"item\":\"difference engine\",\"count\":"
        + std::to_string(count) + ",\"cents\":1799}";
}

inline std::string request(const char *method, unsigned long count) {
    return std::string("{\"request\":{\"method\":\"") + method + "\",\"args\":" + order(count)
        + "},\"context\":{}}";
}

inline std::string escaped(const std::string &text) {
    std::string result;
    for (char each : text) {
        if (each == '"') result += '\\';
        result += each;
    }
    return result;
}

inline std::string id() {
    static uint64_t next = 0;
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(getpid()),
                  static_cast<unsigned long long>(next++));
    return text;
}

inline std::string notification(unsigned long count) {
    std::string bare = "{\"message_id\":\"" + id()
        + "\",\"publisher_id\":\"bench\",\"event_type\":\"order.noted\",\"priority\":\"INFO\","
          "\"payload\":" + order(count) + ",\"timestamp\":\"2026-01-01 00:00:00.000000\"}";
    return "{\"request\":{\"oslo.version\":\"2.0\",\"oslo.message\":\"" + escaped(bare)
        + "\"},\"context\":{}}";
}

inline void expires(proton::message &message, int millis) {
    message.ttl(proton::duration(millis));
    message.expiry_time(proton::timestamp::now() + proton::duration(millis));
}

inline proton::receiver receive(proton::connection connection, const std::string &address, int credit) {
    proton::source_options source;
    source.address(address);
    proton::receiver_options options;
    options.source(source).credit_window(credit).name(id());
    return connection.open_receiver(address, options);
}
