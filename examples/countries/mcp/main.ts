import { parseArgs } from 'node:util';
import { CannotStart } from '../lib/cannot-start.ts';
import { messageOf } from '../lib/message-of.ts';
import { findLogFormat } from '../lib/print-log.ts';
import { runProgram } from '../lib/run-program.ts';
import { readConfig } from './read-config.ts';

const usage = 'usage: node mcp/main.ts CONFIG.yaml [--port N | --stdio]';

function readArguments(): { file: string; port: number | undefined; overStdio: boolean } {
  let parsed;
  try {
    parsed = parseArgs({
      options: { port: { type: 'string' }, stdio: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new CannotStart('the MCP server', [messageOf(error).replace(/\.$/, ''), usage]);
  }
  const { positionals, values } = parsed;
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new CannotStart('the MCP server', ['expected one configuration file', usage]);
  const overStdio = values.stdio;
  if (values.port === undefined) return { file, port: undefined, overStdio };
  if (overStdio) throw new CannotStart('the MCP server', ['--port is given beside --stdio', usage]);
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new CannotStart('the MCP server', [`--port is "${values.port}", expected a whole number from 0 to 65535`]);
  }
  return { file, port, overStdio };
}

await runProgram(async () => {
  const { file, port, overStdio } = readArguments();
  const logFormat = findLogFormat(process.env['LOG_FORMAT']);
  if (logFormat === undefined) {
    throw new CannotStart('the MCP server', [`LOG_FORMAT is "${process.env['LOG_FORMAT']}", expected text or json`]);
  }
  const config = readConfig(file, process.env);
  if (overStdio) {
    const { serveOverStdio } = await import('./serve-over-stdio.ts');
    return serveOverStdio(config, process.env);
  }
  const { startMcpServer } = await import('./start-mcp-server.ts');
  return startMcpServer(config, { logFormat, port });
});
