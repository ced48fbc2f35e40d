#include "kafka/handles.h"

namespace monitor::kafka {

void Set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  char error[256];
  if (rd_kafka_conf_set(conf, name, value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) throw Fault(error);
}

Handle MakeHandle(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  char error[256];
  // Its own lines on stderr are no JSON; what matters comes as a fault or by the error callback.
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_t* handle = rd_kafka_new(type, conf, error, sizeof error);
  if (!handle) {
    rd_kafka_conf_destroy(conf);
    throw Fault(error);
  }
  return Handle(handle);
}

}  // namespace monitor::kafka
