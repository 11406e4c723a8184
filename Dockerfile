# Builds with BuildKit, for linux/amd64 and linux/arm64: docs/how-to/deploy-docker.md

# Both are indexes of several architectures. The tag says what the digest was when it was written here.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f

# Builds the gateway from the lockfile. Only dist/, config/ and package.json of this stage reach the image.
# They are the same for every architecture, so this stage runs on that of the builder.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci && mkdir /state
COPY tsconfig.json ./
COPY build ./build
COPY gateway ./gateway
COPY conformance ./conformance
COPY config ./config
# Source maps are for developers. The mode of a file does not depend on the umask of the checkout.
RUN npm run build && rm dist/*.map && chmod -R u=rwX,go=rX package.json config dist

# The Node of the target architecture.
FROM ${NODE_IMAGE} AS node

FROM ${RUNTIME_IMAGE} AS app
COPY --from=node --chown=0:0 /usr/local/bin/node /nodejs/bin/node
COPY --from=node --chown=0:0 /usr/local/LICENSE /nodejs/LICENSE
# WORKDIR makes its folder as the current user, which in the base image is the one that the gateway runs as.
USER 0:0
WORKDIR /app
# Says that dist/ holds ECMAScript modules.
COPY --from=build /app/package.json ./
COPY --from=build /app/dist ./dist
COPY --from=build /app/config ./config
# The base gives its user a home folder. The gateway needs none, and must not be able to write there.
RUN ["/nodejs/bin/node", "--eval", "fs.chownSync('/home/nonroot', 0, 0)"]
# For inngestRanges.stateFile, and the only folder that belongs to the user: mount a volume here.
COPY --from=build --chown=65532:65532 /state /var/lib/inngest-gateway
USER 65532:65532

# What Node has compiled of it, so that a start takes less CPU: by the image's own Node and user,
# as it reads no other user's, and with the flags of the entry point. If it does not fit, as with
# another user, Node starts without it. This also ends the build if the base's Node is too old.
FROM app AS compiled
COPY --from=build --chown=65532:65532 /state /compiled
ENV NODE_COMPILE_CACHE=/compiled
RUN ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "--no-allocation-site-pretenuring", "--heap-growing-percent=300", \
  "--import", "/app/dist/run.js", \
  "--import", "/app/dist/healthcheck.js", \
  "/app/dist/main.js", "version"]

FROM app
# Owned by root and read-only: nothing that runs here can leave code for the next start.
COPY --from=compiled --chown=0:0 --chmod=555 /compiled /compiled
ENV NODE_COMPILE_CACHE=/compiled
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=4s --start-period=3s \
  CMD ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "--no-allocation-site-pretenuring", "--heap-growing-percent=300", \
  "/app/dist/main.js", "healthcheck"]
# Why these flags: docs/decisions/0009-memory-flags.md
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "--no-allocation-site-pretenuring", "--heap-growing-percent=300", "/app/dist/main.js"]
CMD ["run", "--config", "/etc/inngest-gateway/config.yaml"]
# The version of package.json; --build-arg REVISION=$(git rev-parse HEAD).
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="inngest-gateway" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/inngest-gateway/inngest-gateway" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
