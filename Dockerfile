# One image for all parts; compose.yaml says which part a container is. DEBIAN may be bookworm-slim or trixie-slim.
ARG DEBIAN=bookworm-slim

FROM debian:${DEBIAN} AS build
WORKDIR /source
COPY deploy/packages deploy/packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends $(sed -n 's/^build  *//p' deploy/packages)
COPY CMakeLists.txt ./
COPY domain domain
COPY server server
COPY kafka kafka
COPY eventstore eventstore
COPY api api
COPY consumers consumers
COPY ctl ctl
# Of the campaign console.
COPY docs/schemas docs/schemas
COPY deploy/accounts deploy/accounts
RUN cmake -S . -B build -G Ninja -DMONITOR_TESTS=OFF -DMONITOR_BENCH=OFF \
 && ninja -C build monitord funneld monitorctl
# The packages of the libraries that were linked, by whatever name this Debian gives them.
RUN ldd build/bin/* | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u | xargs -n 1 basename \
  | xargs -I {} dpkg-query -S '*-linux-gnu/{}' | cut -d : -f 1 | sort -u > build/libraries

FROM debian:${DEBIAN}
COPY deploy/packages /tmp/packages
COPY --from=build /source/build/libraries /tmp/libraries
RUN apt-get update \
 && apt-get install -y --no-install-recommends nginx $(. /etc/os-release; sed -n "s/^run  *//p; s/^run:$VERSION_ID  *//p" /tmp/packages) $(cat /tmp/libraries) \
 && rm -rf /var/lib/apt/lists/* /tmp/packages /tmp/libraries \
 && groupadd --gid 10001 monitor \
 && useradd --uid 10001 --gid monitor --no-create-home --home-dir /data --shell /usr/sbin/nologin monitor \
 && install -d -o monitor -g monitor /data
COPY --from=build /source/build/bin/monitord /source/build/bin/funneld /source/build/bin/monitorctl /usr/local/bin/
# As in the tree: deploy/www links to the schemas.
COPY deploy /usr/local/share/monitor/deploy
COPY docs/schemas /usr/local/share/monitor/docs/schemas
RUN ln -s /usr/local/share/monitor/deploy/start /usr/local/bin/start-part
USER monitor
VOLUME /data
ENTRYPOINT ["start-part"]
