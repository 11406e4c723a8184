{{- /*
For the chart of an app that has this chart as a dependency with `mode: sidecar`. Each takes
`(index .Subcharts "inngest-gateway")`. deploy/helm/examples/sidecar is an example.
*/ -}}

{{- /* An item of `initContainers`: a native sidecar, started before the app and stopped after it. */ -}}
{{- define "inngest-gateway.sidecar.initContainer" -}}
{{- include "inngest-gateway.sidecar.check" . -}}
- {{- include "inngest-gateway.container" . | nindent 2 }}
{{- end }}

{{- /* Items of `volumes`. */ -}}
{{- define "inngest-gateway.sidecar.volumes" -}}
{{- include "inngest-gateway.sidecar.check" . }}
{{- include "inngest-gateway.volumes" . }}
{{- end }}

{{- /* Labels of the pod, which the network policies select. */ -}}
{{- define "inngest-gateway.sidecar.podLabels" -}}
inngest-gateway: sidecar
{{- end }}

{{- define "inngest-gateway.sidecar.check" -}}
{{- if ne .Values.mode "sidecar" }}
{{- fail "inngest-gateway: set inngest-gateway.mode to sidecar" }}
{{- end }}
{{- end }}
