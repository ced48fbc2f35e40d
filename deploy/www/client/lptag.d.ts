// lptag.js, served as /tag/tag.js too: window.lpTag with the public interface of the original's web tag.

import type {EngagementAttribute, Identity, MonitorClient, Offer} from "./monitor";

/** Attributes alone, in arrays or in wrappers. */
export type Attributes = EngagementAttribute | object | Attributes[];

export interface EventInfo {
  appName: string;
  eventName: string;
}

export type Listener = (data: any, info: EventInfo) => void;

export interface Binding {
  /** Default "*": any. */
  appName?: string;
  eventName?: string;
  func: Listener;
  /** What `this` is in func. */
  context?: object | null;
  /** Called later, not within trigger. */
  async?: boolean;
  triggerOnce?: boolean;
}

export interface FiredEvent extends EventInfo {
  data: any;
}

/** Data of the LP_OFFERS events START, OFFER_DISPLAY, OFFER_IMPRESSION, OFFER_CLICK, OFFER_DECLINED, _TIMEOUT and _REMOVE. */
export interface OfferEventData extends Offer {
  contexts: [{EngagementContext: {id: string}}, {pageContext: {id: string}}];
  engagementType: number;
  zoneId?: string;
  state: number;
  confKey: string;
  tglName: string;
  done: boolean;
  engagementName: string;
}

/** Data of lp_SMT's MONITORING_STATE. */
export interface MonitoringState {
  active: boolean;
  reason?: string;
  /** Types of attributes that the server refused, or that came too late to be counted once. */
  refused?: string[];
  dropped?: string[];
}

export interface Events {
  /** Returns an id for unbind. */
  bind(appName: string, eventName: string, func: Listener): string | undefined;
  bind(binding: Binding): string | undefined;
  once(appName: string, eventName: string, func: Listener): string | undefined;
  once(binding: Binding): string | undefined;
  unbind(id: string): boolean;
  unbind(appName: string, eventName: string, func?: Listener): boolean;
  unbind(binding: Partial<Binding>): boolean;
  trigger(appName: string, eventName: string, data?: unknown): void;
  trigger(event: EventInfo & {data?: unknown; async?: boolean}): void;
  hasFired(appName: string, eventName?: string): FiredEvent[];
  hasFired(event: Partial<EventInfo>): FiredEvent[];
  /** What a page queues in an array before the tag is there: bindings, and events to trigger. */
  push(...items: (Binding | (EventInfo & {data?: unknown}))[]): void;
}

export type IdentityFunction = (callback: (identity: Identity | Identity[]) => void) => void;

export interface LpTag {
  site?: string;
  /** App installation; default "web". */
  app?: string;
  section?: string | string[];
  autoStart?: boolean;
  readonly events: Events;
  sdes: Attributes[] & {
    /** Sent with the next communication, at the end of this step of the page's. */
    push(...attributes: Attributes[]): number;
    /** Sent now; then() is called when that is acknowledged. */
    send(attributes?: Attributes, then?: () => void): void;
    /** Those said on this page; undefined if none is of that type. */
    get(type?: string): EngagementAttribute[] | undefined;
  };
  /** {scope, name, value}: sent with the page as clientProperties.vars. */
  vars: object[] & {push(...variables: object[]): number; send(variables?: object | object[]): void};
  identities: (IdentityFunction | Identity)[];
  newPage(url?: string, page?: {
    section?: string | string[];
    sdes?: Attributes;
    vars?: object | object[];
    identities?: (IdentityFunction | Identity)[];
  }): void;
  start(): void;
  /** Before the tag is there: false to ask for consent. Afterwards a function. */
  consent: boolean | ((given?: boolean) => void);
  readonly loaded?: boolean;
  readonly monitor?: MonitorClient;
  readonly taglets?: {
    lp_SMT: {isActive(): boolean};
    lp_monitoringSDK: {getVid(): string | null; getSid(): string | null};
  };
}

declare global {
  interface Window {
    lpTag?: LpTag;
  }
}
