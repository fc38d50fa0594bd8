// The six models by name. Each has a picture of the same name: see pictures.js.
import { layout } from './models/layout.js';
import { lifetime } from './models/lifetime.js';
import { handshake } from './models/handshake.js';
import { semaphores } from './models/semaphores.js';
import { snapshot } from './models/snapshot.js';
import { queue } from './models/queue.js';

export const models = { layout, lifetime, handshake, semaphores, snapshot, queue };
