# Builds the gateway from the lockfile. Nothing of this stage but dist/ and config/ reaches the image.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci && mkdir /state
COPY tsconfig.json ./
COPY build ./build
COPY gateway ./gateway
COPY conformance ./conformance
COPY config ./config
# Source maps are for whoever develops it.
RUN npm run build && rm dist/*.map

FROM gcr.io/distroless/nodejs24-debian12:nonroot AS app
LABEL org.opencontainers.image.title="inngest-gateway" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
# Says that dist/ holds ECMAScript modules.
COPY package.json ./
COPY --from=build /app/dist ./dist
COPY config ./config
# For inngestRanges.stateFile; mount a volume here if the root is read-only.
COPY --from=build --chown=65532:65532 /state /var/lib/inngest-gateway
USER 65532:65532

# What Node has compiled of it, so that a start takes less CPU: by the image's own Node and user,
# as it reads nobody else's, and with the flags of the entry point. Where it does not fit, as with
# another user, Node goes without.
FROM app AS compiled
COPY --from=build --chown=65532:65532 /state /compiled
ENV NODE_COMPILE_CACHE=/compiled
RUN ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "--no-allocation-site-pretenuring", "--heap-growing-percent=300", \
  "--import", "/app/dist/run.js", \
  "--import", "/app/dist/healthcheck.js", \
  "/app/dist/main.js", "version"]

FROM app
# Root's, and not to be written: nothing that runs here can leave code for the next start.
COPY --from=compiled --chown=0:0 --chmod=555 /compiled /compiled
ENV NODE_COMPILE_CACHE=/compiled
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=4s --start-period=3s \
  CMD ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "--no-allocation-site-pretenuring", "--heap-growing-percent=300", \
  "/app/dist/main.js", "healthcheck"]
# Why these flags: docs/decisions/0009-memory-flags.md
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "--no-allocation-site-pretenuring", "--heap-growing-percent=300", "/app/dist/main.js"]
CMD ["run", "--config", "/etc/inngest-gateway/config.yaml"]
