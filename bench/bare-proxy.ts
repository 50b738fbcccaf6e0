// The floor: node:http in front, undici's dispatch behind, nothing in between. No check, no limit, no record.
import { createServer } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

const [originPort, ownPort] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${originPort}`, { pipelining: 1, bodyTimeout: 0 });

createServer((request, response) => {
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the caller went away'));
      });
    },
    onResponseStart(controller, status, headers) {
      response.writeHead(status, headers as Record<string, string | string[]>);
      response.on('drain', () => controller.resume());
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      response.destroy();
    },
  };
  const headers: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2);
    if (!/^(host|connection)$/i.test(name)) headers.push(name, value);
  }
  pool.dispatch({ method: 'POST', path: request.url ?? '/', headers, body: request }, handler);
}).listen(Number(ownPort), '127.0.0.1');
