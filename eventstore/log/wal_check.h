// Tells a torn tail of RocksDB's write-ahead log from damage, before RocksDB reads it.
//
// Why not leave it to RocksDB: its recovery modes either stop silently at the first bad byte (and so forget
// acknowledged events behind it), or take a flipped bit in a length for the end of the file, or refuse a tail whose
// pages reached the disk out of order. What decides here: the writer syncs every batch before it writes the next, and a
// batch is one logical record of the log. So only the very last record may be incomplete. A bad record with a later one
// behind it was synced once: that is damage, and so is a bad last record that is all there (neither cut short nor with
// a sector in it that ends in zeros, as a lost write leaves it).
//
// Format: RocksDB wiki, "Write Ahead Log File Format" (blocks of 32 KiB; checksum, length, type, payload).
// Threads: a pure function over files that nobody writes.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace monitor {

// Checks every *.log of the folder. The error names file, offset and fault.
std::expected<void, std::string> CheckWriteAheadLogs(const std::string& folder);

// One log's bytes; the error names offset and fault.
std::expected<void, std::string> CheckWriteAheadLog(std::string_view bytes);

}  // namespace monitor
