// monitor.js: the browser client of the Monitor API. Loaded as a classic script it defines window.MonitorClient.

/** One engagement attribute (docs/clients.md, the HTTP API): its fields depend on `type`. */
export interface EngagementAttribute {
  type: "cart" | "purchase" | "prodView" | "ctmrinfo" | "mrktInfo" | "personal" | "lead" | "service" | "error" | "searchInfo";
  [field: string]: unknown;
}

export interface Identity {
  iss?: string;
  acr: "0" | "loa1";
  sub: string;
}

/** What `displayInstances[0]` of an engagement may say to this client. */
export interface DisplayInstance {
  elementId?: string;
  text?: string;
  image?: string;
  link?: string;
}

/** An entry of an answer's `engagementDetails`. */
export interface Offer {
  campaignId: number;
  engagementId: number;
  engagementRevision: number;
  contextId: string;
  connectorId?: number;
  windowId?: string;
  language?: string;
  skillId?: number;
  skillName?: string;
  status: "expose" | "conversation";
  conversationId?: string;
  displayInstances?: DisplayInstance[];
}

export interface Answer {
  sessionId: string;
  visitorId: string;
  pageId: string;
  engagementDetails?: Offer[];
}

export interface MonitorOptions {
  account: string;
  app: string;
  /** Origin of the server; default: this script's own. */
  baseUrl?: string;
  identities?: Identity[];
  clientProperties?: Record<string, unknown>;
  /** Text of an engagement's button, by engagement id. */
  labels?: Record<string, string>;
  /** Where engagements without an element of their own are shown; default: the body. false: nowhere. */
  container?: Element | null | false;
  /** Milliseconds before each repetition; default: 3, 10, 30 and 90 s. */
  retryPauses?: number[];
  /** false: nothing is stored or sent before consent(true). Default: true. */
  consent?: boolean;
}

export type ImpressionType = "impDisplay" | "impAccept" | "impExpanded" | "impTimeout" | "impClose";

export interface MonitorEventMap {
  /** An engagement was offered. */
  offer: CustomEvent<Offer>;
  /** Put into the page; seen by half; clicked; closed by the visitor, or by the page after a time; taken out of the page. */
  place: CustomEvent<Offer>;
  display: CustomEvent<Offer>;
  accept: CustomEvent<Offer>;
  close: CustomEvent<Offer>;
  timeout: CustomEvent<Offer>;
  remove: CustomEvent<Offer>;
  /** The visitor has an open conversation. */
  conversation: CustomEvent<Offer>;
  /** An impression was acknowledged. */
  reported: CustomEvent<{type: ImpressionType; offer: Offer; answer: Answer | null}>;
  /** A request was recorded. */
  answer: CustomEvent<Answer>;
  /** The server refused one attribute; the others were sent without it. */
  refused: CustomEvent<{attribute: EngagementAttribute; message: string}>;
  /** Kept by a page that was left, and too old now to be sent without being counted twice. */
  dropped: CustomEvent<{attributes: EngagementAttribute[]; time: number}>;
  /** A request was refused or had no good answer after all repetitions. */
  error: CustomEvent<MonitorError>;
}

export interface MonitorError extends Error {
  status?: number;
  answer?: {time: number; message: string; internalCode: number};
}

export interface MonitorClient extends EventTarget {
  readonly visitorId: {get(): string | null};
  readonly sessionId: {get(): string | null};
  readonly pageId: string | null;
  /** A new page view, or with the current pageId the same once more; shows what is offered. */
  page(page?: {entryPoints?: string[]; attributes?: EngagementAttribute[]; pageId?: string}): Promise<Answer>;
  /** What happened on this page. Resolves to null if a beacon took it in leaving. */
  report(attributes: EngagementAttribute[]): Promise<Answer | null>;
  /** true: storing and sending may begin. false: they end, and everything stored and waiting is forgotten. */
  consent(given: boolean): void;
  /** The visitor does not want this offer (impClose), or the page shows it no longer (impTimeout). */
  close(contextId: string, timedOut?: boolean): void;
  /** For what the page itself does with an offer. */
  impression(type: ImpressionType, offer: Offer): Promise<void>;
  addEventListener<K extends keyof MonitorEventMap>(
    type: K, listener: (event: MonitorEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface Window {
    MonitorClient: {create(options: MonitorOptions): MonitorClient};
    /** Where the script tag has data-account. */
    monitor?: MonitorClient;
  }
}
