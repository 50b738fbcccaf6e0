import { randomBytes } from 'node:crypto';
import { after, before, beforeEach } from 'node:test';
import { documentRedirect, startDocumentServer, type DocumentServer } from '../kit/start-document-server.ts';
import { FacadeVisitor, type RegisteredClient } from './facade-visitor.ts';
import { startShieldLab, type ShieldLab, type ShieldLabOptions } from './start-shield-lab.ts';

/** A gateway with a façade, for all tests of a `describe`. */
export interface UsedFacade {
  readonly lab: ShieldLab;
  /** Clients, and a browser of its own. */
  readonly visit: () => FacadeVisitor;
  /** How many requests the provider heard: sign-ins and token requests. */
  readonly heard: () => number;
}

/** Starts it before the tests around, and stops it after them. */
export function useFacade(options: ShieldLabOptions = { facade: true }): UsedFacade {
  let lab: ShieldLab | undefined;
  const started = () => {
    if (lab === undefined) throw new Error('it is there within tests only');
    return lab;
  };
  before(async () => {
    lab = await startShieldLab(options);
  });
  after(() => lab?.[Symbol.asyncDispose]());
  return {
    get lab() {
      return started();
    },
    visit: () => new FacadeVisitor(started()),
    heard: () => started().idp.log.length,
  };
}

/** One that takes documents of clients, which are on a web server of this machine. */
export interface UsedDocuments extends Omit<UsedFacade, 'heard'> {
  readonly site: DocumentServer;
  /** The client whose document is there. */
  readonly clientOf: (url: string, redirectUri?: string) => RegisteredClient;
}

/** Starts both before the tests around, and stops them after these. Hours pass between two tests: what one of them fetches is more than
 * a host has to bear at a time.
 */
export function useDocuments(): UsedDocuments {
  let [site, lab]: [DocumentServer | undefined, ShieldLab | undefined] = [undefined, undefined];
  const started = () => {
    if (lab === undefined || site === undefined) throw new Error('they are there within tests only');
    return { lab, site };
  };
  before(async () => {
    site = await startDocumentServer();
    lab = await startShieldLab({
      ca: site.ca,
      facade: { clientDocuments: [`localhost:${site.port}`], unsafeDevLoopbackDocuments: true },
    });
  });
  after(async () => {
    await lab?.[Symbol.asyncDispose]();
    await site?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    started().lab.clock.aheadMs += 7_200_000;
  });
  return {
    get lab() {
      return started().lab;
    },
    get site() {
      return started().site;
    },
    visit: () => new FacadeVisitor(started().lab),
    clientOf: (id, redirectUri = documentRedirect) => ({
      id,
      redirectUri,
      verifier: randomBytes(32).toString('base64url'),
    }),
  };
}
