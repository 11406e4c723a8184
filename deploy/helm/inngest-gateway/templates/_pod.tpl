{{- /* The container of the gateway, for the companion and for the pod of an app (`mode: sidecar`). */ -}}
{{- define "inngest-gateway.container" -}}
{{- $isSidecar := eq .Values.mode "sidecar" }}
{{- /* By number in a sidecar: older clusters do not find the name of an init container's port. */}}
{{- $ops := ternary .Values.config.ops.port "ops" $isSidecar -}}
name: {{ ternary "inngest-gateway" "gateway" $isSidecar }}
image: {{ include "inngest-gateway.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [run, --config, /etc/inngest-gateway/config.yaml]
{{- if $isSidecar }}
restartPolicy: Always
{{- end }}
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - { name: {{ ternary "gateway" "http" $isSidecar }}, containerPort: {{ .Values.config.listen.port }} }
  - { name: ops, containerPort: {{ .Values.config.ops.port }} }
  {{- with .Values.config.externalAuth }}
  - { name: ext-auth, containerPort: {{ default 8081 .port }} }
  {{- end }}
startupProbe:
  httpGet: { path: /healthz, port: {{ $ops }} }
  periodSeconds: 1
  failureThreshold: 60
# 503 while stopping, while the published ranges are first fetched, and until Valkey responds.
readinessProbe:
  httpGet: { path: /readyz, port: {{ $ops }} }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
# Patient: a restart would abort every request in flight.
livenessProbe:
  httpGet: { path: /healthz, port: {{ $ops }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
securityContext:
  {{- if $isSidecar }}
  {{- /* All of it here, whatever the app's pod has. */}}
  {{- omit .Values.podSecurityContext "fsGroup" | toYaml | nindent 2 }}
  {{- end }}
  {{- toYaml .Values.containerSecurityContext | nindent 2 }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
# Directories, since what is mounted by subPath never changes.
volumeMounts:
  {{- $names := fromYaml (include "inngest-gateway.volumeNames" .) }}
  - { name: {{ $names.config }}, mountPath: /etc/inngest-gateway, readOnly: true }
  - { name: {{ $names.signingKey }}, mountPath: /run/secrets/inngest, readOnly: true }
  - { name: {{ $names.valkey }}, mountPath: /run/secrets/valkey, readOnly: true }
  - { name: {{ $names.ranges }}, mountPath: /var/lib/inngest-gateway }
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* In the pod of an app, names that the app does not use. */ -}}
{{- define "inngest-gateway.volumeNames" -}}
{{- if eq .Values.mode "sidecar" -}}
{ config: inngest-gateway, signingKey: inngest-signing-key, valkey: inngest-gateway-valkey, ranges: inngest-gateway-ranges }
{{- else -}}
{ config: config, signingKey: signing-key, valkey: valkey, ranges: ranges }
{{- end }}
{{- end }}

{{- define "inngest-gateway.volumes" -}}
{{- $names := fromYaml (include "inngest-gateway.volumeNames" .) }}
{{- /* An fsGroup would change the owner of the app's volumes too, and only the gateway mounts these. */}}
{{- $mode := ternary "0444" "0440" (eq .Values.mode "sidecar") -}}
- name: {{ $names.config }}
  configMap: { name: {{ include "inngest-gateway.fullname" . }} }
- name: {{ $names.signingKey }}
  secret: { secretName: {{ .Values.signingKey.existingSecret }}, defaultMode: {{ $mode }} }
# Absent if the replay cache is in memory.
- name: {{ $names.valkey }}
  secret:
    secretName: {{ .Values.valkey.existingSecret }}
    defaultMode: {{ $mode }}
    optional: true
    items: [{ key: password, path: password }]
# The last good list of Inngest's addresses, for restarts of the container.
- name: {{ $names.ranges }}
  emptyDir: { sizeLimit: 16Mi }
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
