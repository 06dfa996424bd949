// How upstreams are started, shared, rested and ended. One gateway with short limits for the whole file.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test, after, before } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { attach, jsonOf, nucleusErrorOf, startGateway, textOf, type Attached, type Gateway } from '../helpers/client.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome } from '../helpers/home.ts';
import { nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { commandsWith, gone, isAlive, kill } from '../helpers/processes.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';
