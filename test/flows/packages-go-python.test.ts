import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { runProgram } from '../kit/run-program.ts';
import { startUsher } from '../kit/run-usher.ts';
import { startHttpServer } from '../kit/start-http-server.ts';
import { until } from '../kit/until.ts';
import { writeZip } from '../kit/write-zip.ts';

const has = (tool: string) => (process.env['PATH'] ?? '').split(delimiter).some((one) => existsSync(join(one, tool)));
const skipGo = has('go') ? false : 'no go';
const skipUv = has('uv') ? false : 'no uv';

/** Without net/http, which takes long to compile. */
const goServer = `package main

import ("net"; "os")

func main() {
	listener, _ := net.Listen("tcp", "127.0.0.1:" + os.Args[1])
	for {
		connection, _ := listener.Accept()
		connection.Read(make([]byte, 65536))
		connection.Write([]byte("HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 47\\r\\nConnection: close\\r\\n\\r\\n" +
			"{\\"jsonrpc\\":\\"2.0\\",\\"id\\":1,\\"result\\":{\\"from\\":\\"go\\"}}"))
		connection.Close()
	}
}
`;
const pythonServer = `import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = b'{"jsonrpc":"2.0","id":1,"result":{"from":"python"}}'
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

def main():
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
`;

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-packages-'));
  // Go keeps modules unwritable.
  context.after(async () => {
    await runProgram(['chmod', '-R', 'u+w', folder]);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Runs a package until it answers through the gateway; the answer, and what was said until then. */
async function serve(context: TestContext, name: string, env: Record<string, string>) {
  const [port, targetPort] = [await freePort(), await freePort()];
  const flags = [
    '--anonymous',
    '--port',
    `${port}`,
    '--target-port',
    `${targetPort}`,
    '--audit-file',
    join(env['HOME'] ?? '', 'audit.jsonl'),
  ];
  const child = startUsher(context, ['run', '--foreground', ...flags, name, '--', `${targetPort}`], { env });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let answer = '';
  await until(async () => {
    if (child.exitCode !== null) throw new Error(stderr);
    const message = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const response = await post(`http://127.0.0.1:${port}/mcp`, undefined, message).catch(() => undefined);
    if (response?.status === 200) answer = await response.text();
    return answer !== '';
  }, 240_000);
  child.kill('SIGTERM');
  await until(() => child.exitCode !== null);
  return { answer, stderr };
}

/** A proxy of modules as files (go.dev/ref/mod#goproxy-protocol). */
async function writeGoProxy(folder: string): Promise<string> {
  const versions = join(folder, 'example.com/usher-test/@v');
  await mkdir(versions, { recursive: true });
  const root = 'example.com/usher-test@v1.4.0';
  const mod = 'module example.com/usher-test\n\ngo 1.21\n';
  await writeFile(join(versions, 'list'), 'v1.4.0\n');
  await writeFile(join(versions, 'v1.4.0.info'), '{"Version":"v1.4.0","Time":"2026-01-01T00:00:00Z"}');
  await writeFile(join(versions, 'v1.4.0.mod'), mod);
  const files = { [`${root}/go.mod`]: mod, [`${root}/cmd/server/main.go`]: goServer };
  await writeFile(join(versions, 'v1.4.0.zip'), writeZip(files));
  return pathToFileURL(folder).href;
}

test(
  'usher run – a program in Go, in a folder of a module – is compiled and run, and its version named',
  { skip: skipGo, timeout: 300_000 },
  async (context) => {
    const home = await scratch(context);
    const proxy = await writeGoProxy(join(home, 'proxy'));
    const env = { HOME: home, GOPROXY: proxy, GOSUMDB: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
    const { answer, stderr } = await serve(context, 'go:example.com/usher-test/cmd/server', env);
    assert.match(answer, /"from":"go"/);
    assert.match(stderr, /not pinned: go:example\.com\/usher-test\/cmd\/server@v1\.4\.0 is run/);
  },
);

/** An index of Python packages with one wheel (peps.python.org: 503 the index, 427 the wheel). */
async function startIndex(context: TestContext) {
  const info = 'usher_test_server-1.1.0.dist-info';
  const wheel = writeZip({
    'usher_test_server.py': pythonServer,
    [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: usher-test-server\nVersion: 1.1.0\n',
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/entry_points.txt`]: '[console_scripts]\nusher-test-server = usher_test_server:main\n',
    [`${info}/RECORD`]: '',
  });
  const file = 'usher_test_server-1.1.0-py3-none-any.whl';
  const digest = createHash('sha256').update(wheel).digest('hex');
  const index = await startHttpServer(({ url }, response) => {
    if (url === `/files/${file}`) return void response.end(wheel);
    if (url !== '/simple/usher-test-server/') return void response.writeHead(404).end();
    const link = `<a href="/files/${file}#sha256=${digest}">${file}</a>`;
    response.setHeader('content-type', 'text/html').end(`<!DOCTYPE html><html><body>${link}</body></html>`);
  });
  context.after(() => index[Symbol.asyncDispose]());
  return `${index.url}/simple`;
}

test(
  'usher run – a package of Python – is run in an environment of its own, and its version named',
  { skip: skipUv },
  async (context) => {
    const home = await scratch(context);
    const env = { HOME: home, UV_DEFAULT_INDEX: await startIndex(context), UV_PYTHON_DOWNLOADS: 'never' };
    const { answer, stderr } = await serve(context, 'uvx:usher-test-server', env);
    assert.match(answer, /"from":"python"/);
    assert.match(stderr, /not pinned: uvx:usher-test-server@1\.1\.0 is run/);
  },
);
