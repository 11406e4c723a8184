/** Where the repository names the version of the gateway. A release is of one version everywhere. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

interface Place {
  readonly files: string
  /** Its group is the version. */
  readonly pattern: RegExp
}

const places: readonly Place[] = [
  { files: 'package-lock.json', pattern: /"name": "inngest-gateway",\s+"version": "([^"]+)"/g },
  { files: 'Dockerfile', pattern: /^ARG VERSION=(.+)$/gm },
  { files: 'deploy/helm/inngest-gateway/Chart.yaml', pattern: /^version: (.+)$/gm },
  { files: 'deploy/helm/inngest-gateway/Chart.yaml', pattern: /^appVersion: (.+)$/gm },
  { files: 'deploy/helm/examples/*/Chart.yaml', pattern: /^ {4}version: (.+)$/gm },
  {
    files: 'deploy/kubernetes/{base,components}/**/*.yaml',
    pattern: /inngest-gateway:([\d.]+)$/gm,
  },
  { files: 'deploy/kubernetes/examples/*/kustomization.yaml', pattern: /newTag: ([\d.]+)/g },
  {
    files: 'deploy/kubernetes/README.md',
    pattern: /(?:inngest-gateway:|\?ref=v|newTag: )([\d.]+)/g,
  },
  { files: 'docs/**/*.md', pattern: /\/inngest-gateway(?:-|:)(\d+\.\d+\.\d+)/g },
]

const RELEASE = /^\d+\.\d+\.\d+$/

/** @returns one line for each place that is not ready for a release under this tag. */
export function unlikeTag(root: string, tag: string): string[] {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string
  }
  // A pre-release would become the version that npm installs by default.
  if (!RELEASE.test(version)) return [`package.json: ${version} is not of the form 1.2.3`]
  const ofTag =
    tag === `v${version}`
      ? []
      : [`the tag is ${tag} and package.json has ${version}: write v${version}, or set the version`]
  return [...ofTag, ...places.flatMap((place) => unlikeVersion(root, place, version))]
}

function unlikeVersion(root: string, { files, pattern }: Place, version: string): string[] {
  const found = globSync(files, { cwd: root, exclude: ['**/node_modules/**'] })
    .sort()
    .flatMap((file) =>
      [...readFileSync(path.join(root, file), 'utf8').matchAll(pattern)].map(
        ([text, named = '']) => ({ file, text: text.trim(), named }),
      ),
    )
  if (found.length === 0) return [`${files}: names no version; ${String(pattern)} should find it`]
  return found
    .filter(({ named }) => named !== version)
    .map(({ file, text, named }) => `${file}: ${text}: write ${version} instead of ${named}`)
}
