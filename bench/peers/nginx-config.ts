/** nginx with njs: reads a body whole into memory, has `verify-mac.js` look at it, passes it on. */

export interface PeerPorts {
  readonly port: number
  readonly upstreamPort: number
}

const NJS_MODULE = '/usr/lib/nginx/modules/ngx_http_js_module.so'
const SCRIPTS = new URL('.', import.meta.url).pathname

/** @param folder for its pid file and its temporary files. */
export function nginxConfig({ port, upstreamPort }: PeerPorts, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${folder}/nginx-${name};`)
    .join('\n')
  return `
load_module ${NJS_MODULE};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
env BENCH_KEY;
events { worker_connections 2048; }
http {
  access_log off;
${temporary}
  js_path ${SCRIPTS};
  js_import verify_mac from verify-mac.js;
  # Only what is in memory can be verified.
  client_max_body_size 10m;
  client_body_buffer_size 10m;
  keepalive_requests 100000000;
  upstream app {
    server 127.0.0.1:${String(upstreamPort)};
    keepalive 256;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${String(port)};
    location / { js_content verify_mac.verify; }
    location @app {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
`
}
