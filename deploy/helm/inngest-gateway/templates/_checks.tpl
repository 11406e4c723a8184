{{- /* What would run and protect less than it seems to. */ -}}
{{- define "inngest-gateway.checks" -}}
{{- $several := or .Values.autoscaling.enabled (gt (int .Values.replicas) 1) }}
{{- $store := dig "replay" "store" "memory" .Values.config }}
{{- if and (eq .Values.mode "companion") $several (eq $store "memory") }}
{{- fail "several gateways need a shared replay cache: each would admit the same signature once. Set config.replay.store to redis" }}
{{- end }}
{{- if and .Values.config.trustedProxies .Values.networkPolicy.enabled (not .Values.networkPolicy.ingressFrom) }}
{{- fail "config.trustedProxies is set: any pod in these ranges could claim to be Inngest. Set networkPolicy.ingressFrom to the pods or addresses of the proxies" }}
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
{{- fail "httpRoute.enabled needs httpRoute.parentRefs" }}
{{- end }}
{{- end }}
