import type { Target } from './target.ts';
import { target as audit } from './targets/audit.ts';
import { target as authorization } from './targets/authorization.ts';
import { target as challenge } from './targets/challenge.ts';
import { target as claims } from './targets/claims.ts';
import { target as clientDocument } from './targets/client-document.ts';
import { jsonTarget, tomlTarget, yamlTarget } from './targets/client-files.ts';
import { target as config } from './targets/config.ts';
import { target as dpopProof } from './targets/dpop-proof.ts';
import { target as eventStream } from './targets/event-stream.ts';
import { target as exchangeAnswer } from './targets/exchange-answer.ts';
import { target as exchangeRefusal } from './targets/exchange-refusal.ts';
import { target as headers } from './targets/headers.ts';
import { target as introspectionAnswer } from './targets/introspection-answer.ts';
import { target as jwtParts } from './targets/jwt-parts.ts';
import { target as keySet } from './targets/key-set.ts';
import { target as metadata } from './targets/metadata.ts';
import { target as oktaAnswers } from './targets/okta-answers.ts';
import { target as privateKey } from './targets/private-key.ts';
import { target as readCall } from './targets/read-call.ts';
import { target as runConfig } from './targets/run-config.ts';
import { target as seed } from './targets/seed.ts';
import { target as serverMessages } from './targets/server-messages.ts';
import { target as sharedState } from './targets/shared-state.ts';
import { target as tokenShape } from './targets/token-shape.ts';
import { target as undoRecord } from './targets/undo-record.ts';

/** Every parser that sees bytes of a caller, a provider, an operator or a server behind. */
export const targets: Readonly<Record<string, Target>> = {
  audit,
  authorization,
  challenge,
  claims,
  'client-document': clientDocument,
  'client-json': jsonTarget,
  'client-toml': tomlTarget,
  'client-yaml': yamlTarget,
  config,
  'dpop-proof': dpopProof,
  'event-stream': eventStream,
  'exchange-answer': exchangeAnswer,
  'exchange-refusal': exchangeRefusal,
  headers,
  'introspection-answer': introspectionAnswer,
  'jwt-parts': jwtParts,
  'key-set': keySet,
  metadata,
  'okta-answers': oktaAnswers,
  'private-key': privateKey,
  'read-call': readCall,
  'run-config': runConfig,
  seed,
  'server-messages': serverMessages,
  'shared-state': sharedState,
  'token-shape': tokenShape,
  'undo-record': undoRecord,
};
