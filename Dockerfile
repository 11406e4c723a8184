# Installs what the lockfile says, then keeps nothing but Node, the source and its packages.
FROM node:24-bookworm-slim AS install
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && mkdir /state

FROM gcr.io/distroless/nodejs24-debian12:nonroot AS app
LABEL org.opencontainers.image.title="inngest-gateway" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=install /app/node_modules ./node_modules
COPY package.json ./
COPY gateway ./gateway
COPY conformance ./conformance
COPY config ./config
# For inngestRanges.stateFile; mount a volume here if the root is read-only.
COPY --from=install --chown=65532:65532 /state /var/lib/inngest-gateway
USER 65532:65532

# What Node has compiled of it, so that a start takes half the time: by the image's own Node and user,
# as it reads nobody else's, and with the flags of the entry point. Where it does not fit, as with
# another user, Node goes without.
FROM app AS compiled
COPY --from=install --chown=65532:65532 /state /compiled
ENV NODE_COMPILE_CACHE=/compiled
RUN ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "--no-allocation-site-pretenuring", "--heap-growing-percent=300", \
  "--import", "/app/gateway/cli/run.ts", \
  "--import", "/app/gateway/cli/healthcheck.ts", \
  "/app/gateway/main.ts", "version"]

FROM app
# Root's, and not to be written: nothing that runs here can leave code for the next start.
COPY --from=compiled --chown=0:0 --chmod=555 /compiled /compiled
ENV NODE_COMPILE_CACHE=/compiled
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=4s --start-period=3s \
  CMD ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "--no-allocation-site-pretenuring", "--heap-growing-percent=300", \
  "/app/gateway/main.ts", "healthcheck"]
# Why these flags: docs/decisions/0009-memory-flags.md
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "--no-allocation-site-pretenuring", "--heap-growing-percent=300", "/app/gateway/main.ts"]
CMD ["run", "--config", "/etc/inngest-gateway/config.yaml"]
