// The figures' models in every order of their steps, and what they look like (figures/test).
import { nodeTests } from './faults.mjs';

export const title = 'models';

export const run = () => nodeTests('figures/test/');
