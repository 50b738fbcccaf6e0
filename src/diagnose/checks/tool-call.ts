import { isObject } from '../../lib/is-object.ts';
import { plain } from '../../lib/plain.ts';
import { secretParts } from '../../lib/secret-parts.ts';
import { withoutTokens } from '../../lib/without-tokens.ts';
import { askServer } from '../ask-server.ts';
import { type Check, failed, pass, unknown } from '../check.ts';

/** Behind the MCP server is the service it calls: only a tool shows whether that takes the token. */
export const toolCall: Check = {
  id: 'tool-call',
  title: 'The service behind the MCP server takes the token, too',
  needs: ['server-accepts'],
  async run({ route, aids, findings }) {
    if (aids.tool === undefined)
      return unknown(
        'No tool was named that may be called',
        'Name one without side effects: --tool NAME --tool-arguments JSON.',
      );
    const { name, arguments: given } = aids.tool;
    const { status, message } = await askServer(route, findings.credential, {
      method: 'tools/call',
      params: { name, arguments: given },
    });
    const result = isObject(message) && isObject(message['result']) ? message['result'] : undefined;
    const words = findWords(message, secretParts(findings.credential?.header?.value.reveal() ?? ''));
    if (status === 200 && result !== undefined && result['isError'] !== true) return pass(`${name}: ${words}`);
    return failed(`${name}: status ${status}, ${words}`, { cause: findCause(words), fix: fixOf(findCause(words)) });
  },
};

type CauseId = 'api-wants-other-issuer' | 'api-wants-other-audience' | 'api-wants-scope' | 'api-down' | 'api-refuses';

function findCause(words: string): CauseId {
  if (/reach|connect|ECONN|ENOTFOUND|fetch failed/i.test(words)) return 'api-down';
  if (/issuer|\biss\b|\bkid\b/i.test(words)) return 'api-wants-other-issuer';
  if (/audience|\baud\b/i.test(words)) return 'api-wants-other-audience';
  if (/scope/i.test(words)) return 'api-wants-scope';
  return 'api-refuses';
}

function fixOf(id: CauseId): string {
  switch (id) {
    case 'api-down':
      return 'The MCP server takes the token and does not reach the service behind it: is that running, and where the MCP server looks for it?';
    case 'api-wants-other-issuer':
      return 'The service trusts another issuer: exchange at that authorization server (--token-exchange-url), or let the service trust this one.';
    case 'api-wants-other-audience':
      return "The service is another audience: set --token-exchange-audience to the service's own, or change what it expects.";
    case 'api-wants-scope':
      return 'The service wants another scope: add it to --token-exchange-scopes, and let the provider grant it.';
    case 'api-refuses':
      return "The tool failed by itself: look at its arguments, and at the service's own log.";
  }
}

/** What the answer says, short, without the token it may repeat. */
function findWords(message: unknown, secrets: readonly string[]): string {
  const text = JSON.stringify(
    isObject(message) ? (message['error'] ?? readContent(message['result'])) : 'no JSON-RPC message',
  );
  return plain(withoutTokens(text, secrets)).slice(0, 300);
}

function readContent(result: unknown): unknown {
  const content = isObject(result) ? result['content'] : undefined;
  if (!Array.isArray(content)) return result;
  return content.map((part: unknown) => (isObject(part) ? part['text'] : part)).join(' ');
}
