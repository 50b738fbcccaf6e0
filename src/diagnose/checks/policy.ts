import type { Message } from '../../model/call.ts';
import { type Check, pass, unknown } from '../check.ts';
import { failBy } from '../fail-by.ts';

const listTools: Message = {
  kind: 'request',
  method: 'tools/list',
  id: 0,
  target: undefined,
  taskIds: [],
  version: undefined,
  mayBecomeTask: false,
};

/** May the caller do anything at all, and the tool that is tried. */
export const policy: Check = {
  id: 'policy',
  title: 'The caller has the scopes that are required here',
  needs: ['caller-token'],
  // The token of local callers has no scopes, and is the same for all.
  applies: ({ route }) => route.authenticator.strategy !== 'local-token',
  run({ route, aids, findings }) {
    const caller = findings.caller ?? route.authenticator.anonymous;
    if (caller === undefined) return unknown('There is no caller to judge');
    const asked = [{ message: listTools, tool: undefined }];
    const call = { ...listTools, method: 'tools/call', target: aids.tool?.name };
    try {
      const all = aids.tool === undefined ? asked : [...asked, { message: call, tool: aids.tool.name }];
      return pass(route.policy.authorize(caller, all));
    } catch (error) {
      return failBy(error);
    }
  },
};
