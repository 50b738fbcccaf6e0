import type { ApiRoute } from './api.ts';
import { appAssignmentRoutes } from './app-assignments.ts';
import { appRoutes } from './apps.ts';
import { associatedServerRoutes } from './associated-servers.ts';
import { serverRoutes } from './authorization-servers.ts';
import { claimRoutes } from './claims.ts';
import { groupRoutes } from './groups.ts';
import { logRoutes } from './logs.ts';
import { policyRoutes } from './policies.ts';
import { ruleRoutes } from './rules.ts';
import { scopeRoutes } from './scopes.ts';
import { serverKeyRoutes } from './server-keys.ts';
import { userRoutes } from './users.ts';

/** Everything the management API has here. */
export const apiRoutes: readonly ApiRoute[] = [
  ...serverRoutes,
  ...associatedServerRoutes,
  ...scopeRoutes,
  ...claimRoutes,
  ...policyRoutes,
  ...ruleRoutes,
  ...serverKeyRoutes,
  ...appRoutes,
  ...appAssignmentRoutes,
  ...userRoutes,
  ...groupRoutes,
  ...logRoutes,
];
