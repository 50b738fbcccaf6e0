import { readFileSync } from 'node:fs';
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { CannotStart } from '../lib/cannot-start.ts';
import { messageOf } from '../lib/message-of.ts';
import { type Config, configSchema } from './config-schema.ts';
import { coerceScalar, type Environment, expandEnvironment } from './expand-environment.ts';

const program = 'the MCP server';
const overridePrefix = 'APOLLO_MCP_';

/** Reads a configuration in the form of Apollo MCP server: YAML with `${env.NAME:-default}`, and environment variables
 * such as APOLLO_MCP_TRANSPORT__PORT over it. Throws {@link CannotStart} with every problem and where it stands. */
export function readConfig(file: string, environment: Environment): Config {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines });
  const place = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const problems = document.errors.map((error) => `${place(error.pos[0])} ${error.message.split('\n')[0] ?? ''}`);
  if (problems.length > 0) throw new CannotStart(program, problems);

  problems.push(...expandDocument(document, environment, place));
  const content: unknown = document.toJS();
  const overrides = applyOverrides(content, environment);
  const result = configSchema.safeParse(content);
  if (!result.success) {
    problems.push(
      ...result.error.issues.map((issue) => {
        const { path, problem } = describeIssue(issue, content);
        return `${overrides.get(path.join('.')) ?? place(findOffset(document, path))} ${problem}`;
      }),
    );
  }
  if (!result.success || problems.length > 0) throw new CannotStart(program, problems);
  return result.data;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CannotStart(program, [`its configuration cannot be read (${messageOf(error)})`]);
  }
}

/** Expands the values of a document where they stand; answers the problems. */
function expandDocument(document: Document, environment: Environment, place: (offset?: number) => string): string[] {
  const problems: string[] = [];
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return;
      const { text, missing } = expandEnvironment(node.value, environment);
      problems.push(
        ...missing.map(
          (name) =>
            `${place(node.range?.[0])} the environment variable ${name} is not set, set it or write \${env.${name}:-default}`,
        ),
      );
      node.value = missing.length > 0 ? text : coerceScalar(text);
    },
  });
  return problems;
}

/** Puts APOLLO_MCP_A__B=value over the key a.b; answers which variable set which key. */
function applyOverrides(content: unknown, environment: Environment): Map<string, string> {
  const overrides = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(overridePrefix) || value === undefined || !isRecord(content)) continue;
    const path = name.slice(overridePrefix.length).toLowerCase().split('__');
    const last = path.pop() ?? '';
    let target = content;
    for (const key of path) {
      const next = Object.hasOwn(target, key) && isRecord(target[key]) ? target[key] : {};
      Object.defineProperty(target, key, { value: next, enumerable: true, configurable: true, writable: true });
      target = next;
    }
    Object.defineProperty(target, last, {
      value: coerceScalar(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
    overrides.set([...path, last].join('.'), name);
  }
  return overrides;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describeIssue(issue: z.core.$ZodIssue, content: unknown): { path: string[]; problem: string } {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const names = issue.keys.map((name) => [...path, name].join('.')).join(', ');
    return { path: [...path, key], problem: `${names} is not known here` };
  }
  const found = path.reduce<unknown>(
    (value, key) => (isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined),
    content,
  );
  const name = path.join('.') || 'the file';
  if (found === undefined) return { path, problem: `${name} is missing` };
  const shown = isRecord(found) || Array.isArray(found) ? '' : ` ${JSON.stringify(found)}`;
  return { path, problem: `${name} is${shown} wrong: ${issue.message.replace(/^Invalid input: /, '')}` };
}

/** Where a key stands in the file; of the nearest one around it when it is not there. */
function findOffset(document: Document, path: readonly string[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const map = length === 1 ? document.contents : parent;
    if (isMap(map)) {
      const pair = map.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
      if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0];
  }
  return undefined;
}
