#include "consumers/peers/own_part.h"

#include <algorithm>
#include <utility>

namespace monitor {
namespace {

// It is held, and its end when it came is not reached.
bool IsBehind(const SourceStatus& source, int partition) {
  return std::ranges::find(source.missing, partition) != source.missing.end();
}

bool HoldsAll(const BucketSet& held, const BucketSet& of_partition) {
  return of_partition.any() && (held & of_partition) == of_partition;
}

}  // namespace

bool KeepsUp(const Answering& now) {
  const SourceStatus& source = now.source;
  return source.connected && source.at_end && source.fault.empty() && !now.rebuild && now.view->Trouble().empty();
}

std::expected<ShareTold, std::string> TellShare(const Answering& now, const InstanceName& name,
                                                std::optional<std::string_view> account) {
  auto standing = now.view->Standing();
  if (!standing) return std::unexpected(standing.error());
  ShareTold told{.share = {.instance = name.instance, .topic = name.topic}, .account = {}};
  told.share.keeps_up = KeepsUp(now);
  told.share.partitions = standing->coverage.partitions;
  told.share.as_of = std::move(standing->positions);
  told.share.version = std::move(standing->version);
  for (int partition = 0; partition < standing->coverage.partitions; ++partition) {
    if (!HoldsAll(now.source.buckets, BucketsOf(standing->coverage, partition))) continue;
    const auto offset = standing->offsets.find(partition);
    told.share.held.push_back({.partition = partition,
                               .offset = offset == standing->offsets.end() ? 0 : offset->second,
                               .behind = IsBehind(now.source, partition)});
  }
  if (!account) return told;
  const auto found = now.view->Account(*account);
  if (!found) return std::unexpected(found.error());
  if (*found) told.account = {.configured_at = (*found)->configured_at, .time_zone = (*found)->time_zone};
  return told;
}

std::expected<Part, std::string> CountPart(const Answering& now, const RowsAsked& asked,
                                           const std::function<bool()>& abandoned) {
  const auto buckets_of = [&](int partition) { return BucketsOf({.partitions = asked.of_partitions}, partition); };
  BucketSet held;
  for (const int partition : asked.partitions) {
    if (HoldsAll(now.source.buckets, buckets_of(partition))) held |= buckets_of(partition);
  }
  const auto newest_event = now.view->NewestSessionEvent(asked.account);
  auto report = now.view->Funnel(asked.account, asked.query, held, abandoned);
  if (!report) return std::unexpected(report.error());
  Part part{.counted = {.as_of = std::move(report->as_of), .version = std::move(report->version)},
            .newest_event = newest_event,
            .complete = report->complete,
            .facts_gone_before = report->facts_gone_before,
            .rows = std::move(report->rows)};
  for (const int partition : asked.partitions) {
    if (!HoldsAll(report->buckets, buckets_of(partition))) continue;
    part.counted.partitions.push_back(partition);
    if (IsBehind(now.source, partition)) part.counted.behind.push_back(partition);
  }
  return part;
}

}  // namespace monitor
