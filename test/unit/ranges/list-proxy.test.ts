import { describe, expect, it } from 'vitest'

import { proxyFor } from '../../../gateway/ranges/list-proxy.ts'

const PROXY = 'http://proxy.example:3128/'
const hrefOf = (url: string, env: NodeJS.ProcessEnv) => proxyFor(new URL(url), env)?.href

describe('proxyFor', () => {
  it.each([
    ['HTTPS_PROXY', { HTTPS_PROXY: PROXY }, PROXY],
    ['https_proxy before HTTPS_PROXY', { HTTPS_PROXY: 'http://other/', https_proxy: PROXY }, PROXY],
    ['HTTP_PROXY if nothing else is set', { HTTP_PROXY: PROXY }, PROXY],
    ['HTTPS_PROXY before http_proxy', { HTTPS_PROXY: PROXY, http_proxy: 'http://other/' }, PROXY],
    ['the next variable if one is empty', { https_proxy: '', HTTPS_PROXY: PROXY }, PROXY],
    ['no proxy if no variable is set', {}, undefined],
    ['no proxy if NO_PROXY has the host', { HTTPS_PROXY: PROXY, NO_PROXY: 'a.test' }, undefined],
    [
      'no_proxy before NO_PROXY',
      { HTTPS_PROXY: PROXY, no_proxy: 'b.test', NO_PROXY: 'a.test' },
      PROXY,
    ],
  ])('uses %s', (_name, env: NodeJS.ProcessEnv, expected) => {
    expect(hrefOf('https://a.test/list', env)).toBe(expected)
  })

  it.each(['socks5://proxy.example:1080', 'proxy.example:3128', 'http://user:hunter2@:bad:port'])(
    'refuses %s, without its text',
    (value) => {
      const attempt = () => hrefOf('https://a.test/', { HTTPS_PROXY: value })
      expect(attempt).toThrow(/^HTTPS_PROXY or HTTP_PROXY is not an http or https URL$/)
    },
  )
})

describe('NO_PROXY', () => {
  const isExcluded = (url: string, list: string) =>
    hrefOf(url, { HTTPS_PROXY: PROXY, NO_PROXY: list }) === undefined

  it.each([
    ['https://lists.example.com/', 'lists.example.com'],
    ['https://lists.example.com/', 'LISTS.Example.com'],
    ['https://lists.example.com./', 'lists.example.com'],
    ['https://lists.example.com/', 'example.com'],
    ['https://lists.example.com/', '.example.com'],
    ['https://lists.example.com/', '*.example.com'],
    ['https://example.com/', '.example.com'],
    ['https://lists.example.com/', 'other.test, example.com'],
    ['https://lists.example.com/', 'other.test example.com'],
    ['https://lists.example.com/', 'other.test,*'],
    ['https://lists.example.com/', 'example.com:443'],
    ['https://lists.example.com:8443/', '*:8443'],
    ['https://10.0.0.1/', '10.0.0.1'],
    ['https://[fd00::1]/', 'fd00::1'],
    ['https://[fd00::1]/', '[fd00::1]'],
    ['https://[fd00::1]:8443/', '[fd00::1]:8443'],
  ])('excludes %s by %s', (url, list) => {
    expect(isExcluded(url, list)).toBe(true)
  })

  it.each([
    ['https://example.com/', 'lists.example.com'],
    ['https://notexample.com/', 'example.com'],
    ['https://example.com/', '*.example.com'],
    ['https://lists.example.com:8443/', 'example.com:443'],
    ['https://lists.example.com/', 'example.com:8443'],
    ['https://lists.example.com/', ','],
    ['https://lists.example.com/', '.'],
    ['https://lists.example.com./', '.'],
    ['https://[fd00::1]/', 'fd00::2'],
    ['https://110.0.0.1/', '10.0.0.1'],
  ])('does not exclude %s by %s', (url, list) => {
    expect(isExcluded(url, list)).toBe(false)
  })
})
