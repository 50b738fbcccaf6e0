import { visibleJson } from '../../lib/plain.ts';
import type { AuditRecord } from '../../model/audit-record.ts';

/** A record as one line of JSON, what `JSON.stringify` makes of it with nothing that a terminal obeys, for half the time: one is written for each message.
 * Most of a record is about its caller and its credential, which serve many calls; those parts are frozen, are written
 * out once and are kept as text for as long as somebody holds them. Everything that others have a say in is escaped.
 */
export function serializeRecord(record: AuditRecord): string {
  const { trace, server, from, stage, hint, code, details, cause, credential, signIn } = record;
  const { caller, exchanged, upstreamStatus, bytes } = record;
  let line = `{"v":${record.v},"time":"${record.time}","id":"${record.id}"`;
  if (trace !== undefined) line += `,"trace":${quoted(trace)}`;
  if (server !== undefined) line += `,"server":${recurring(server)}`;
  line += `,"who":${serializePart(record.who)}`;
  if (from !== undefined) line += `,"from":${recurring(from)}`;
  line += `,"what":${serializeWhat(record.what)},"decision":"${record.decision}","reason":${recurring(record.reason)}`;
  if (stage !== undefined) line += `,"stage":"${stage}"`;
  if (hint !== undefined) line += `,"hint":${quoted(hint)}`;
  if (code !== undefined) line += `,"code":"${code}"`;
  if (details !== undefined) line += `,"details":${quoted(details)}`;
  if (cause !== undefined) line += `,"cause":${quoted(cause)}`;
  if (credential !== undefined) line += `,"credential":${quoted(credential)}`;
  if (signIn !== undefined) line += `,"signIn":${quoted(signIn)}`;
  if (caller !== undefined) line += `,"caller":${serializePart(caller)}`;
  if (exchanged !== undefined) line += `,"exchanged":${serializePart(exchanged)}`;
  line += `,"status":${record.status}`;
  if (upstreamStatus !== undefined) line += `,"upstreamStatus":${upstreamStatus}`;
  line += `,"ms":${serializeMs(record.ms)}`;
  if (bytes !== undefined) line += `,"bytes":${bytes}`;
  return `${line}}`;
}

function serializeWhat({ http, kind, method, tool, target, rpcId, upstream }: AuditRecord['what']): string {
  let text = `{"http":${recurring(http)}`;
  if (kind !== undefined) text += `,"kind":"${kind}"`;
  if (method !== undefined) text += `,"method":${recurring(method)}`;
  if (tool !== undefined) text += `,"tool":${recurring(tool)}`;
  if (target !== undefined) text += `,"target":${recurring(target)}`;
  if (rpcId !== undefined) text += `,"rpcId":${quoted(rpcId)}`;
  if (upstream !== undefined) text += `,"upstream":${recurring(upstream)}`;
  return `${text}}`;
}

function serializeMs({ total, firstByte, exchange }: AuditRecord['ms']): string {
  let text = `{"total":${total}`;
  if (firstByte !== undefined) text += `,"firstByte":${serializeMillis(firstByte)}`;
  if (exchange !== undefined) text += `,"exchange":${exchange}`;
  return `${text}}`;
}

/** The decimals of 0 to 999 thousandths, as JavaScript writes them. */
const decimals = Array.from({ length: 1000 }, (_, thousandths) => String(thousandths / 1000).slice(1));

/** Milliseconds with up to three decimals. Of whole numbers the text is kept, while each new fraction costs as much as the
 * rest of the record.
 */
function serializeMillis(ms: number): string {
  const micros = Math.round(ms * 1000);
  const whole = Math.floor(micros / 1000);
  return micros / 1000 === ms && ms >= 0 ? `${whole}${decimals[micros - whole * 1000]}` : String(ms);
}

const serialized = new WeakMap<object, string>();

function serializePart(part: object): string {
  const known = serialized.get(part);
  if (known !== undefined) return known;
  const text = quoted(part);
  if (Object.isFrozen(part)) serialized.set(part, text);
  return text;
}

/** People read the trail in terminals, too. */
function quoted(value: unknown): string {
  return visibleJson(JSON.stringify(value));
}

/** Longer texts hardly come again. */
const longestKept = 100;
/** Texts that are kept; made-up ones push the others out, which then cost what they cost the first time. */
const mostKept = 1_000;
const kept = new Map<string, string>();

/** The same for texts that come again and again: names of servers, methods and tools, reasons, addresses. */
function recurring(text: string): string {
  if (text.length > longestKept) return quoted(text);
  const known = kept.get(text);
  if (known !== undefined) return known;
  const json = quoted(text);
  if (kept.size >= mostKept) kept.clear();
  kept.set(text, json);
  return json;
}
