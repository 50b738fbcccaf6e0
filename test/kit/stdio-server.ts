import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('stdio-server/main.ts', import.meta.url));

/** What one process of the test server wrote down. */
export interface Note {
  readonly pid: number;
  readonly what: string;
  readonly detail?: string;
}

/** A small MCP server over stdin and stdout that does as the tool says (see main.ts), and what its processes noted. */
export async function prepareStdioServer(context: TestContext, mode: 'legacy' | 'modern' = 'legacy') {
  const folder = await mkdtemp(join(tmpdir(), 'usher-stdio-'));
  const notes = join(folder, 'notes');
  const read = async (): Promise<readonly Note[]> =>
    (await readFile(notes, 'utf8').catch(() => ''))
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Note => JSON.parse(line));
  context.after(async () => {
    for (const { pid } of await read()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  return {
    command: [process.execPath, program, mode, notes],
    notes: read,
    noted: async (what: string) => (await read()).filter((note) => note.what === what),
    alive: async () => [...new Set((await read()).map(({ pid }) => pid))].filter(isAlive),
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** All messages of an answer. */
export async function allMessagesOf(response: Response): Promise<readonly Record<string, unknown>[]> {
  const messages: Record<string, unknown>[] = [];
  for await (const message of messagesOf(response)) messages.push(message);
  return messages;
}

/** The messages of an answer: of JSON, or of its events as they come. */
export async function* messagesOf(response: Response): AsyncGenerator<Record<string, unknown>> {
  if (response.headers.get('content-type') === 'application/json') {
    yield JSON.parse(await response.text());
    return;
  }
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString('utf8');
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data);
    }
  }
}
