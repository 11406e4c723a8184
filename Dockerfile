# Installs what the lockfile says, then keeps nothing but Node, the source and its packages.
FROM node:24-bookworm-slim AS install
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && mkdir /state

FROM gcr.io/distroless/nodejs24-debian12:nonroot
LABEL org.opencontainers.image.title="inngest-gateway" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=install /app/node_modules ./node_modules
COPY package.json ./
COPY gateway ./gateway
COPY config ./config
# For inngestRanges.stateFile; mount a volume here if the root is read-only.
COPY --from=install --chown=65532:65532 /state /var/lib/inngest-gateway
USER 65532:65532
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=4s --start-period=3s \
  CMD ["/nodejs/bin/node", "/app/gateway/main.ts", "healthcheck"]
# Why these flags: docs/decisions/0009-memory-flags.md
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "--external-memory-accounted-in-global-limit", "/app/gateway/main.ts"]
CMD ["run", "--config", "/etc/inngest-gateway/config.yaml"]
