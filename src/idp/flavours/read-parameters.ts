import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { parseObject } from '../../lib/parse-object.ts';
import { readBytes } from '../read-bytes.ts';
import type { Parameters } from './flavour.ts';

const longestBody = 64 * 1024;
const textsSchema = z.record(z.string(), z.string());

/** The parameters of a request, each once: a form, or JSON as Auth0 takes it, too. Undefined when it is neither, too long, or
 * has a parameter twice (RFC 6749 §3.2).
 */
export async function readParameters(request: IncomingMessage): Promise<Parameters | undefined> {
  const text = (await readBytes(request, longestBody))?.toString('utf8');
  if (text === undefined) return undefined;
  return /^application\/json\b/i.test(request.headers['content-type'] ?? '')
    ? textsSchema.safeParse(parseObject(text)).data
    : parseForm(text);
}

function parseForm(text: string): Parameters | undefined {
  return onlyOnce(new URLSearchParams(text));
}

/** As an object; undefined when one stands twice. */
export function onlyOnce(parameters: URLSearchParams): Parameters | undefined {
  const entries = [...parameters];
  return new Set(entries.map(([name]) => name)).size === entries.length ? Object.fromEntries(entries) : undefined;
}
