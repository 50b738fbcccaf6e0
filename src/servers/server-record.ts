import { z } from 'zod';
import { adviseWriting, describe } from '../lib/describe-error.ts';
import { parseJson } from '../lib/parse-json.ts';
import { findStateFile, writeStateFile } from '../lib/state-file.ts';
import { fail } from '../model/usher-error.ts';
import type { ServerPlace } from './places.ts';

/** The MCP clients a server is written into: those chosen for all servers, those installed, none, or these, by their ids. */
const wantedSchema = z.union([z.literal(['chosen', 'installed', 'none']), z.array(z.string())]);

export type WantedClients = z.infer<typeof wantedSchema>;

const recordSchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  group: z.string(),
  /** What it stands in front of, for people: a URL without its query, or a program. */
  target: z.string(),
  createdAt: z.iso.datetime(),
  /** The folder it was made in, in which its command runs. */
  folder: z.string(),
  clients: wantedSchema,
  /** Names of those in the secret store that were put there for it, and go with it. */
  secrets: z.array(z.string()),
  /** The package whose code may run when it is fetched anew, as the command names it: another, also another version, nobody agreed to. */
  scriptsOf: z.string().exactOptional(),
  /** In a terminal, by `usher run --foreground`: it is forgotten when it ends. */
  isPassing: z.boolean(),
});

/** What was said about a server when it was made. */
export type ServerRecord = z.infer<typeof recordSchema>;

const processSchema = z.strictObject({
  pid: z.number().int(),
  /** Tells it from another that gets its id later; undefined where the system does not say. */
  identity: z.string().exactOptional(),
});

const runSchema = z.strictObject({
  version: z.literal(1),
  phase: z.enum(['starting', 'running', 'ended']),
  process: processSchema,
  isBackground: z.boolean(),
  startedAt: z.iso.datetime(),
  /** Of whoever made ready for it to start, handed to the process that does. */
  claim: z.string().exactOptional(),
  /** Where it answers the command line. */
  control: z.string().exactOptional(),
  url: z.string().exactOptional(),
  /** Where it listens, did, or is going to. */
  port: z.number().int().exactOptional(),
  /** How long calls under way may take when it stops. */
  drainSeconds: z.number().exactOptional(),
  /** Did it ever listen, or was it kept before it was started? Then it is nobody's to overwrite. */
  hasServed: z.boolean(),
  end: z
    .strictObject({
      at: z.iso.datetime(),
      /** Was it asked to? */
      isWanted: z.boolean(),
      reason: z.string(),
      exitCode: z.number().int(),
    })
    .exactOptional(),
});

/** The present or last run of a server, written by itself. Nothing of it is believed about the present but where to ask. */
export type RunRecord = z.infer<typeof runSchema>;

/** @throws UsherError server_state_unusable when it is damaged */
export async function readServerRecord({ record }: ServerPlace): Promise<ServerRecord | undefined> {
  return read(record, recordSchema);
}

/** @throws UsherError server_state_unusable when it is damaged */
export async function readRunRecord({ run }: ServerPlace): Promise<RunRecord | undefined> {
  return read(run, runSchema);
}

export async function writeServerRecord({ record }: ServerPlace, value: ServerRecord): Promise<void> {
  await write(record, value);
}

export async function writeRunRecord({ run }: ServerPlace, value: RunRecord): Promise<void> {
  await write(run, value);
}

/** Writes a file of a server.
 * @throws UsherError server_state_unusable
 */
export async function writeServerFile(path: string, text: string): Promise<void> {
  await writeStateFile(path, text).catch((cause: unknown) => {
    throw refuse(path, describe(cause), cause);
  });
}

async function write(path: string, value: unknown): Promise<void> {
  await writeServerFile(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

async function read<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await findStateFile(path).catch((cause: unknown) => {
    throw refuse(path, describe(cause), cause);
  });
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw refuse(path, 'it is damaged');
  return parsed.data;
}

function refuse(path: string, reason: string, cause?: unknown): Error {
  const advice = adviseWriting(cause, 'Mend it, or take the server away with usher rm and run it anew');
  return fail('server_state_unusable', { path, reason, advice }, { cause });
}
