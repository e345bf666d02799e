import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { GatewayContext } from 'layover/server';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** RFC 3339, UTC. */
  DateTime: { input: string; output: string; }
  /** YYYY-MM-DD. */
  Date: { input: string; output: string; }
  JSON: { input: unknown; output: unknown; }
  /** Opaque and signed; only the gateway reads it. */
  Cursor: { input: string; output: string; }
};

/** One replicated record, addressed by its type and id. */
export type Entity = {
  id: Scalars['ID']['output'];
  version: Scalars['Int']['output'];
  updatedAt: Scalars['DateTime']['output'];
  updatedBy?: Maybe<Scalars['ID']['output']>;
};

export type Query = {
  __typename?: 'Query';
  /** What changed for the caller since a cursor; without one, everything the caller may see in these scopes. */
  changes: ChangePage;
  /** One task of the caller's (a supervisor: of the agency's), or null. */
  task?: Maybe<Task>;
  /** The caller's tasks; a supervisor sees those of the whole agency. */
  tasks: TaskConnection;
  customer?: Maybe<Customer>;
  customers: CustomerConnection;
  vacation?: Maybe<Vacation>;
  vacations: VacationConnection;
  hotelOffers: HotelOfferConnection;
  flightOffers: FlightOfferConnection;
  carOffers: CarOfferConnection;
};


export type QueryChangesArgs = {
  since?: InputMaybe<Scalars['Cursor']['input']>;
  scopes?: InputMaybe<Array<ScopeInput>>;
  first?: Scalars['Int']['input'];
};


export type QueryTaskArgs = {
  id: Scalars['ID']['input'];
};


export type QueryTasksArgs = {
  ids?: InputMaybe<Array<Scalars['ID']['input']>>;
  status?: InputMaybe<Array<TaskStatus>>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


export type QueryCustomerArgs = {
  id: Scalars['ID']['input'];
};


export type QueryCustomersArgs = {
  search?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


export type QueryVacationArgs = {
  id: Scalars['ID']['input'];
};


export type QueryVacationsArgs = {
  customerId?: InputMaybe<Scalars['ID']['input']>;
  status?: InputMaybe<VacationStatus>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


export type QueryHotelOffersArgs = {
  place?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


export type QueryFlightOffersArgs = {
  place?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


export type QueryCarOffersArgs = {
  place?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};

export type Subscription = {
  __typename?: 'Subscription';
  /** Says that a pull would bring something. It never carries data. */
  changesAvailable: ChangesAvailable;
};

export type ChangesAvailable = {
  __typename?: 'ChangesAvailable';
  at: Scalars['DateTime']['output'];
};

/** A part of the data: one type, and optionally a filter {field: value | {in: [...]} | {gte, lt, ...}}. */
export type ScopeInput = {
  type: Scalars['String']['input'];
  where?: InputMaybe<Scalars['JSON']['input']>;
};

export type ChangePage = {
  __typename?: 'ChangePage';
  /** Latest state of each changed record, at most once a page. */
  changed: Array<Entity>;
  removed: Array<Removal>;
  cursor: Scalars['Cursor']['output'];
  hasMore: Scalars['Boolean']['output'];
  /** true: the cursor is older than the retention horizon, or is not of these scopes. Drop these scopes and start from this page. */
  reset: Scalars['Boolean']['output'];
};

export type Removal = {
  __typename?: 'Removal';
  type: Scalars['String']['output'];
  id: Scalars['ID']['output'];
  reason: RemovalReason;
};

export type RemovalReason =
  | 'DELETED'
  | 'OUT_OF_SCOPE';

/** Identity, place and preconditions of one user task. Left out (playground, plain API calls), the gateway makes an id: that call cannot be repeated safely. */
export type TaskInput = {
  /** Chosen by the client (UUID). The same id with the same input is answered with the first outcome; with another input it is rejected: ID_REUSED. */
  id: Scalars['ID']['input'];
  /** The installation whose outbox it waited in, and its place there. */
  client?: InputMaybe<Scalars['ID']['input']>;
  sequence?: InputMaybe<Scalars['Int']['input']>;
  /** Tasks it builds on: it waits for those that run, and is rejected (DEPENDENCY_FAILED) if one was not confirmed. */
  after?: InputMaybe<Array<Scalars['ID']['input']>>;
  queuedAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** The fencing token of a check-out under which the task was made. One that is no longer current loses nothing: the task becomes an ordinary version check. */
  token?: InputMaybe<Scalars['String']['input']>;
};

export type TaskPayload = {
  task: Task;
};

export type Task = Entity & {
  __typename?: 'Task';
  id: Scalars['ID']['output'];
  version: Scalars['Int']['output'];
  updatedAt: Scalars['DateTime']['output'];
  updatedBy?: Maybe<Scalars['ID']['output']>;
  /** The mutation field, e.g. bookVacation. */
  name: Scalars['String']['output'];
  status: TaskStatus;
  /** 0 to 1. */
  progress: Scalars['Float']['output'];
  steps: Array<TaskStep>;
  /** With CONFLICT and IN_REVIEW. */
  conflict?: Maybe<Conflict>;
  /** With REJECTED. */
  rejection?: Maybe<Rejection>;
  /** What the gateway changed on its own account, and by which rule. */
  reconciliation: Array<Reconciliation>;
};

/** ACCEPTED: durably taken, not started. RUNNING: its steps run. The rest are final, IN_REVIEW until a supervisor has decided, PARKED until an operator has. */
export type TaskStatus =
  | 'ACCEPTED'
  | 'RUNNING'
  | 'CONFIRMED'
  | 'CONFLICT'
  | 'REJECTED'
  | 'IN_REVIEW'
  | 'PARKED'
  | 'CANCELLED';

export type TaskStep = {
  __typename?: 'TaskStep';
  name: Scalars['String']['output'];
  status: StepStatus;
  attempts: Scalars['Int']['output'];
  optional: Scalars['Boolean']['output'];
  error?: Maybe<Scalars['String']['output']>;
  startedAt?: Maybe<Scalars['DateTime']['output']>;
  endedAt?: Maybe<Scalars['DateTime']['output']>;
};

export type StepStatus =
  | 'WAITING'
  | 'RUNNING'
  | 'DONE'
  | 'SKIPPED'
  | 'FAILED'
  | 'UNDOING'
  | 'UNDONE';

export type Conflict = {
  __typename?: 'Conflict';
  type: Scalars['String']['output'];
  id: Scalars['ID']['output'];
  /** The fields that both sides changed to different values. */
  fields: Array<Scalars['String']['output']>;
  base?: Maybe<Scalars['JSON']['output']>;
  mine: Scalars['JSON']['output'];
  /** null: the record was deleted on the server. */
  theirs?: Maybe<Scalars['JSON']['output']>;
  theirsVersion: Scalars['Int']['output'];
  theirsBy?: Maybe<Scalars['ID']['output']>;
  theirsAt: Scalars['DateTime']['output'];
};

export type Rejection = {
  __typename?: 'Rejection';
  code: Scalars['String']['output'];
  message: Scalars['String']['output'];
  field?: Maybe<Scalars['String']['output']>;
  suggestions: Array<Suggestion>;
  failedTask?: Maybe<Scalars['ID']['output']>;
};

/** A change to the task's input that would make it acceptable, e.g. {hotelOfferId: …}. */
export type Suggestion = {
  __typename?: 'Suggestion';
  label: Scalars['String']['output'];
  patch: Scalars['JSON']['output'];
};

export type Reconciliation = {
  __typename?: 'Reconciliation';
  field: Scalars['String']['output'];
  from?: Maybe<Scalars['JSON']['output']>;
  to?: Maybe<Scalars['JSON']['output']>;
  rule: Scalars['String']['output'];
  message: Scalars['String']['output'];
};

export type TaskConnection = {
  __typename?: 'TaskConnection';
  nodes: Array<Task>;
  endCursor?: Maybe<Scalars['String']['output']>;
  hasMore: Scalars['Boolean']['output'];
};

export type Mutation = {
  __typename?: 'Mutation';
  /** Settles a task in CONFLICT as a new task; ESCALATE hands it to a supervisor (IN_REVIEW). */
  resolveConflict?: Maybe<ResolvePayload>;
  /** A supervisor's decision on a task IN_REVIEW. */
  reviewConflict?: Maybe<ResolvePayload>;
  /** Pessimistic lock with a lease; the token is checked on every later write to the record. */
  checkOut?: Maybe<CheckOutPayload>;
  checkIn?: Maybe<CheckInPayload>;
  /** Withdraws a task that has not started. */
  cancelTask?: Maybe<TaskOnlyPayload>;
  /** Hotel, flight, car (optional) and mail in one atomic task: it ends whole or undone. */
  bookVacation?: Maybe<BookVacationPayload>;
  changeVacation?: Maybe<VacationPayload>;
  cancelVacation?: Maybe<VacationPayload>;
  createCustomer?: Maybe<CustomerPayload>;
  updateCustomer?: Maybe<CustomerPayload>;
  deleteCustomer?: Maybe<CustomerPayload>;
};


export type MutationResolveConflictArgs = {
  task?: InputMaybe<TaskInput>;
  conflictOf: Scalars['ID']['input'];
  decision: Decision;
  values?: InputMaybe<Scalars['JSON']['input']>;
  theirsVersion?: InputMaybe<Scalars['Int']['input']>;
};


export type MutationReviewConflictArgs = {
  task?: InputMaybe<TaskInput>;
  conflictOf: Scalars['ID']['input'];
  decision: Decision;
  values?: InputMaybe<Scalars['JSON']['input']>;
  theirsVersion?: InputMaybe<Scalars['Int']['input']>;
};


export type MutationCheckOutArgs = {
  task?: InputMaybe<TaskInput>;
  type: Scalars['String']['input'];
  id: Scalars['ID']['input'];
  minutes: Scalars['Int']['input'];
};


export type MutationCheckInArgs = {
  task?: InputMaybe<TaskInput>;
  type: Scalars['String']['input'];
  id: Scalars['ID']['input'];
};


export type MutationCancelTaskArgs = {
  id: Scalars['ID']['input'];
};


export type MutationBookVacationArgs = {
  task?: InputMaybe<TaskInput>;
  input: BookVacationInput;
};


export type MutationChangeVacationArgs = {
  task?: InputMaybe<TaskInput>;
  id: Scalars['ID']['input'];
  baseVersion: Scalars['Int']['input'];
  patch: VacationPatch;
};


export type MutationCancelVacationArgs = {
  task?: InputMaybe<TaskInput>;
  id: Scalars['ID']['input'];
  baseVersion: Scalars['Int']['input'];
};


export type MutationCreateCustomerArgs = {
  task?: InputMaybe<TaskInput>;
  input: CreateCustomerInput;
};


export type MutationUpdateCustomerArgs = {
  task?: InputMaybe<TaskInput>;
  id: Scalars['ID']['input'];
  baseVersion: Scalars['Int']['input'];
  patch: CustomerPatch;
};


export type MutationDeleteCustomerArgs = {
  task?: InputMaybe<TaskInput>;
  id: Scalars['ID']['input'];
  baseVersion: Scalars['Int']['input'];
};

export type Decision =
  | 'KEEP_MINE'
  | 'TAKE_THEIRS'
  | 'MERGE'
  | 'ESCALATE';

export type ResolvePayload = TaskPayload & {
  __typename?: 'ResolvePayload';
  task: Task;
  resolved?: Maybe<Task>;
};

export type TaskOnlyPayload = TaskPayload & {
  __typename?: 'TaskOnlyPayload';
  task: Task;
};

export type CheckOutPayload = TaskPayload & {
  __typename?: 'CheckOutPayload';
  task: Task;
  token?: Maybe<Scalars['String']['output']>;
  until?: Maybe<Scalars['DateTime']['output']>;
  heldBy?: Maybe<Scalars['ID']['output']>;
};

export type CheckInPayload = TaskPayload & {
  __typename?: 'CheckInPayload';
  task: Task;
};

export type Money = {
  __typename?: 'Money';
  /** Minor units (cents). */
  amount: Scalars['Int']['output'];
  /** ISO 4217. */
  currency: Scalars['String']['output'];
};

/** Reference data: it changes seldom and says until when it may be trusted. */
export type Offer = {
  id: Scalars['ID']['output'];
  name: Scalars['String']['output'];
  place: Scalars['String']['output'];
  price: Money;
  validUntil: Scalars['DateTime']['output'];
  discontinued: Scalars['Boolean']['output'];
  replacedBy?: Maybe<Scalars['ID']['output']>;
};

export type HotelOffer = Entity & Offer & {
  __typename?: 'HotelOffer';
  id: Scalars['ID']['output'];
  version: Scalars['Int']['output'];
  updatedAt: Scalars['DateTime']['output'];
  updatedBy?: Maybe<Scalars['ID']['output']>;
  name: Scalars['String']['output'];
  place: Scalars['String']['output'];
  price: Money;
  validUntil: Scalars['DateTime']['output'];
  discontinued: Scalars['Boolean']['output'];
  replacedBy?: Maybe<Scalars['ID']['output']>;
  stars?: Maybe<Scalars['Int']['output']>;
};

export type CarOffer = Entity & Offer & {
  __typename?: 'CarOffer';
  id: Scalars['ID']['output'];
  version: Scalars['Int']['output'];
  updatedAt: Scalars['DateTime']['output'];
  updatedBy?: Maybe<Scalars['ID']['output']>;
  name: Scalars['String']['output'];
  place: Scalars['String']['output'];
  price: Money;
  validUntil: Scalars['DateTime']['output'];
  discontinued: Scalars['Boolean']['output'];
  replacedBy?: Maybe<Scalars['ID']['output']>;
  seats?: Maybe<Scalars['Int']['output']>;
};

export type FlightOffer = Entity & Offer & {
  __typename?: 'FlightOffer';
  id: Scalars['ID']['output'];
  version: Scalars['Int']['output'];
  updatedAt: Scalars['DateTime']['output'];
  updatedBy?: Maybe<Scalars['ID']['output']>;
  name: Scalars['String']['output'];
  place: Scalars['String']['output'];
  price: Money;
  validUntil: Scalars['DateTime']['output'];
  discontinued: Scalars['Boolean']['output'];
  replacedBy?: Maybe<Scalars['ID']['output']>;
  departs?: Maybe<Scalars['DateTime']['output']>;
};

export type Customer = Entity & {
  __typename?: 'Customer';
  id: Scalars['ID']['output'];
  version: Scalars['Int']['output'];
  updatedAt: Scalars['DateTime']['output'];
  updatedBy?: Maybe<Scalars['ID']['output']>;
  /** The agent it belongs to: its creator, until a supervisor gives it to another. */
  ownerId: Scalars['ID']['output'];
  name: Scalars['String']['output'];
  email?: Maybe<Scalars['String']['output']>;
  phone?: Maybe<Scalars['String']['output']>;
  address?: Maybe<Scalars['String']['output']>;
  notes?: Maybe<Scalars['String']['output']>;
  checkedOutBy?: Maybe<Scalars['ID']['output']>;
  checkedOutUntil?: Maybe<Scalars['DateTime']['output']>;
};

export type Vacation = Entity & {
  __typename?: 'Vacation';
  id: Scalars['ID']['output'];
  version: Scalars['Int']['output'];
  updatedAt: Scalars['DateTime']['output'];
  updatedBy?: Maybe<Scalars['ID']['output']>;
  ownerId: Scalars['ID']['output'];
  customerId: Scalars['ID']['output'];
  customer?: Maybe<Customer>;
  status: VacationStatus;
  startsOn: Scalars['Date']['output'];
  endsOn: Scalars['Date']['output'];
  travellers: Scalars['Int']['output'];
  notes?: Maybe<Scalars['String']['output']>;
  hotel?: Maybe<Reservation>;
  flight?: Maybe<Reservation>;
  car?: Maybe<Reservation>;
  total?: Maybe<Money>;
};

export type VacationStatus =
  | 'REQUESTED'
  | 'BOOKED'
  | 'CANCELLED';

export type Reservation = {
  __typename?: 'Reservation';
  offerId: Scalars['ID']['output'];
  confirmation: Scalars['String']['output'];
  price: Money;
};

export type BookVacationInput = {
  /** Chosen by the client (UUID): later tasks may refer to it before the booking is confirmed. */
  vacationId: Scalars['ID']['input'];
  customerId: Scalars['ID']['input'];
  startsOn: Scalars['Date']['input'];
  endsOn: Scalars['Date']['input'];
  travellers: Scalars['Int']['input'];
  notes?: InputMaybe<Scalars['String']['input']>;
  hotelOfferId: Scalars['ID']['input'];
  flightOfferId: Scalars['ID']['input'];
  carOfferId?: InputMaybe<Scalars['ID']['input']>;
  /** Book without the car if there is none. */
  carOptional?: Scalars['Boolean']['input'];
  /** A discontinued offer may be replaced by its successor (reported in reconciliation). */
  acceptReplacement?: Scalars['Boolean']['input'];
  /** Minor units; above it the task is rejected: PRICE_CHANGED. */
  priceLimit?: InputMaybe<Scalars['Int']['input']>;
};

export type BookVacationPayload = TaskPayload & {
  __typename?: 'BookVacationPayload';
  task: Task;
  vacation?: Maybe<Vacation>;
};

export type VacationPayload = TaskPayload & {
  __typename?: 'VacationPayload';
  task: Task;
  vacation?: Maybe<Vacation>;
};

export type CustomerPayload = TaskPayload & {
  __typename?: 'CustomerPayload';
  task: Task;
  customer?: Maybe<Customer>;
};

export type VacationPatch = {
  startsOn?: InputMaybe<Scalars['Date']['input']>;
  endsOn?: InputMaybe<Scalars['Date']['input']>;
  travellers?: InputMaybe<Scalars['Int']['input']>;
  notes?: InputMaybe<Scalars['String']['input']>;
};

export type CreateCustomerInput = {
  /** Chosen by the client (UUID): later tasks may refer to it before it is confirmed. */
  id: Scalars['ID']['input'];
  name: Scalars['String']['input'];
  email?: InputMaybe<Scalars['String']['input']>;
  phone?: InputMaybe<Scalars['String']['input']>;
  address?: InputMaybe<Scalars['String']['input']>;
  notes?: InputMaybe<Scalars['String']['input']>;
};

export type CustomerPatch = {
  /** Supervisors only. */
  ownerId?: InputMaybe<Scalars['ID']['input']>;
  name?: InputMaybe<Scalars['String']['input']>;
  email?: InputMaybe<Scalars['String']['input']>;
  phone?: InputMaybe<Scalars['String']['input']>;
  address?: InputMaybe<Scalars['String']['input']>;
  notes?: InputMaybe<Scalars['String']['input']>;
};

export type CustomerConnection = {
  __typename?: 'CustomerConnection';
  nodes: Array<Customer>;
  endCursor?: Maybe<Scalars['String']['output']>;
  hasMore: Scalars['Boolean']['output'];
};

export type VacationConnection = {
  __typename?: 'VacationConnection';
  nodes: Array<Vacation>;
  endCursor?: Maybe<Scalars['String']['output']>;
  hasMore: Scalars['Boolean']['output'];
};

export type HotelOfferConnection = {
  __typename?: 'HotelOfferConnection';
  nodes: Array<HotelOffer>;
  endCursor?: Maybe<Scalars['String']['output']>;
  hasMore: Scalars['Boolean']['output'];
};

export type FlightOfferConnection = {
  __typename?: 'FlightOfferConnection';
  nodes: Array<FlightOffer>;
  endCursor?: Maybe<Scalars['String']['output']>;
  hasMore: Scalars['Boolean']['output'];
};

export type CarOfferConnection = {
  __typename?: 'CarOfferConnection';
  nodes: Array<CarOffer>;
  endCursor?: Maybe<Scalars['String']['output']>;
  hasMore: Scalars['Boolean']['output'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;





/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  DateTime: ResolverTypeWrapper<any>;
  Date: ResolverTypeWrapper<any>;
  JSON: ResolverTypeWrapper<any>;
  Cursor: ResolverTypeWrapper<any>;
  Entity: ResolverTypeWrapper<any>;
  ID: ResolverTypeWrapper<any>;
  Int: ResolverTypeWrapper<any>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  String: ResolverTypeWrapper<any>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ChangesAvailable: ResolverTypeWrapper<any>;
  ScopeInput: ResolverTypeWrapper<any>;
  ChangePage: ResolverTypeWrapper<any>;
  Boolean: ResolverTypeWrapper<any>;
  Removal: ResolverTypeWrapper<any>;
  RemovalReason: ResolverTypeWrapper<any>;
  TaskInput: ResolverTypeWrapper<any>;
  TaskPayload: ResolverTypeWrapper<any>;
  Task: ResolverTypeWrapper<any>;
  Float: ResolverTypeWrapper<any>;
  TaskStatus: ResolverTypeWrapper<any>;
  TaskStep: ResolverTypeWrapper<any>;
  StepStatus: ResolverTypeWrapper<any>;
  Conflict: ResolverTypeWrapper<any>;
  Rejection: ResolverTypeWrapper<any>;
  Suggestion: ResolverTypeWrapper<any>;
  Reconciliation: ResolverTypeWrapper<any>;
  TaskConnection: ResolverTypeWrapper<any>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Decision: ResolverTypeWrapper<any>;
  ResolvePayload: ResolverTypeWrapper<any>;
  TaskOnlyPayload: ResolverTypeWrapper<any>;
  CheckOutPayload: ResolverTypeWrapper<any>;
  CheckInPayload: ResolverTypeWrapper<any>;
  Money: ResolverTypeWrapper<any>;
  Offer: ResolverTypeWrapper<any>;
  HotelOffer: ResolverTypeWrapper<any>;
  CarOffer: ResolverTypeWrapper<any>;
  FlightOffer: ResolverTypeWrapper<any>;
  Customer: ResolverTypeWrapper<any>;
  Vacation: ResolverTypeWrapper<any>;
  VacationStatus: ResolverTypeWrapper<any>;
  Reservation: ResolverTypeWrapper<any>;
  BookVacationInput: ResolverTypeWrapper<any>;
  BookVacationPayload: ResolverTypeWrapper<any>;
  VacationPayload: ResolverTypeWrapper<any>;
  CustomerPayload: ResolverTypeWrapper<any>;
  VacationPatch: ResolverTypeWrapper<any>;
  CreateCustomerInput: ResolverTypeWrapper<any>;
  CustomerPatch: ResolverTypeWrapper<any>;
  CustomerConnection: ResolverTypeWrapper<any>;
  VacationConnection: ResolverTypeWrapper<any>;
  HotelOfferConnection: ResolverTypeWrapper<any>;
  FlightOfferConnection: ResolverTypeWrapper<any>;
  CarOfferConnection: ResolverTypeWrapper<any>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  DateTime: any;
  Date: any;
  JSON: any;
  Cursor: any;
  Entity: any;
  ID: any;
  Int: any;
  Query: Record<PropertyKey, never>;
  String: any;
  Subscription: Record<PropertyKey, never>;
  ChangesAvailable: any;
  ScopeInput: any;
  ChangePage: any;
  Boolean: any;
  Removal: any;
  TaskInput: any;
  TaskPayload: any;
  Task: any;
  Float: any;
  TaskStep: any;
  Conflict: any;
  Rejection: any;
  Suggestion: any;
  Reconciliation: any;
  TaskConnection: any;
  Mutation: Record<PropertyKey, never>;
  ResolvePayload: any;
  TaskOnlyPayload: any;
  CheckOutPayload: any;
  CheckInPayload: any;
  Money: any;
  Offer: any;
  HotelOffer: any;
  CarOffer: any;
  FlightOffer: any;
  Customer: any;
  Vacation: any;
  Reservation: any;
  BookVacationInput: any;
  BookVacationPayload: any;
  VacationPayload: any;
  CustomerPayload: any;
  VacationPatch: any;
  CreateCustomerInput: any;
  CustomerPatch: any;
  CustomerConnection: any;
  VacationConnection: any;
  HotelOfferConnection: any;
  FlightOfferConnection: any;
  CarOfferConnection: any;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface DateScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Date'], any> {
  name: 'Date';
}

export interface JsonScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export interface CursorScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Cursor'], any> {
  name: 'Cursor';
}

export type EntityResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Entity'] = ResolversParentTypes['Entity']> = {
  __resolveType: TypeResolveFn<'Task' | 'HotelOffer' | 'CarOffer' | 'FlightOffer' | 'Customer' | 'Vacation', ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  changes?: Resolver<ResolversTypes['ChangePage'], ParentType, ContextType, RequireFields<QueryChangesArgs, 'first'>>;
  task?: Resolver<Maybe<ResolversTypes['Task']>, ParentType, ContextType, RequireFields<QueryTaskArgs, 'id'>>;
  tasks?: Resolver<ResolversTypes['TaskConnection'], ParentType, ContextType, RequireFields<QueryTasksArgs, 'first'>>;
  customer?: Resolver<Maybe<ResolversTypes['Customer']>, ParentType, ContextType, RequireFields<QueryCustomerArgs, 'id'>>;
  customers?: Resolver<ResolversTypes['CustomerConnection'], ParentType, ContextType, RequireFields<QueryCustomersArgs, 'first'>>;
  vacation?: Resolver<Maybe<ResolversTypes['Vacation']>, ParentType, ContextType, RequireFields<QueryVacationArgs, 'id'>>;
  vacations?: Resolver<ResolversTypes['VacationConnection'], ParentType, ContextType, RequireFields<QueryVacationsArgs, 'first'>>;
  hotelOffers?: Resolver<ResolversTypes['HotelOfferConnection'], ParentType, ContextType, RequireFields<QueryHotelOffersArgs, 'first'>>;
  flightOffers?: Resolver<ResolversTypes['FlightOfferConnection'], ParentType, ContextType, RequireFields<QueryFlightOffersArgs, 'first'>>;
  carOffers?: Resolver<ResolversTypes['CarOfferConnection'], ParentType, ContextType, RequireFields<QueryCarOffersArgs, 'first'>>;
};

export type SubscriptionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  changesAvailable?: SubscriptionResolver<ResolversTypes['ChangesAvailable'], "changesAvailable", ParentType, ContextType>;
};

export type ChangesAvailableResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ChangesAvailable'] = ResolversParentTypes['ChangesAvailable']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type ChangePageResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ChangePage'] = ResolversParentTypes['ChangePage']> = {
  changed?: Resolver<Array<ResolversTypes['Entity']>, ParentType, ContextType>;
  removed?: Resolver<Array<ResolversTypes['Removal']>, ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['Cursor'], ParentType, ContextType>;
  hasMore?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  reset?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type RemovalResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Removal'] = ResolversParentTypes['Removal']> = {
  type?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['RemovalReason'], ParentType, ContextType>;
};

export type TaskPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['TaskPayload'] = ResolversParentTypes['TaskPayload']> = {
  __resolveType: TypeResolveFn<'ResolvePayload' | 'TaskOnlyPayload' | 'CheckOutPayload' | 'CheckInPayload' | 'BookVacationPayload' | 'VacationPayload' | 'CustomerPayload', ParentType, ContextType>;
};

export type TaskResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Task'] = ResolversParentTypes['Task']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  updatedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['TaskStatus'], ParentType, ContextType>;
  progress?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  steps?: Resolver<Array<ResolversTypes['TaskStep']>, ParentType, ContextType>;
  conflict?: Resolver<Maybe<ResolversTypes['Conflict']>, ParentType, ContextType>;
  rejection?: Resolver<Maybe<ResolversTypes['Rejection']>, ParentType, ContextType>;
  reconciliation?: Resolver<Array<ResolversTypes['Reconciliation']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type TaskStepResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['TaskStep'] = ResolversParentTypes['TaskStep']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['StepStatus'], ParentType, ContextType>;
  attempts?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  optional?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  error?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  endedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
};

export type ConflictResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Conflict'] = ResolversParentTypes['Conflict']> = {
  type?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  fields?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  base?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  mine?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  theirs?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  theirsVersion?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  theirsBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  theirsAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type RejectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Rejection'] = ResolversParentTypes['Rejection']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  field?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  suggestions?: Resolver<Array<ResolversTypes['Suggestion']>, ParentType, ContextType>;
  failedTask?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type SuggestionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Suggestion'] = ResolversParentTypes['Suggestion']> = {
  label?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  patch?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
};

export type ReconciliationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Reconciliation'] = ResolversParentTypes['Reconciliation']> = {
  field?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  from?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  to?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  rule?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type TaskConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['TaskConnection'] = ResolversParentTypes['TaskConnection']> = {
  nodes?: Resolver<Array<ResolversTypes['Task']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasMore?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  resolveConflict?: Resolver<Maybe<ResolversTypes['ResolvePayload']>, ParentType, ContextType, RequireFields<MutationResolveConflictArgs, 'conflictOf' | 'decision'>>;
  reviewConflict?: Resolver<Maybe<ResolversTypes['ResolvePayload']>, ParentType, ContextType, RequireFields<MutationReviewConflictArgs, 'conflictOf' | 'decision'>>;
  checkOut?: Resolver<Maybe<ResolversTypes['CheckOutPayload']>, ParentType, ContextType, RequireFields<MutationCheckOutArgs, 'type' | 'id' | 'minutes'>>;
  checkIn?: Resolver<Maybe<ResolversTypes['CheckInPayload']>, ParentType, ContextType, RequireFields<MutationCheckInArgs, 'type' | 'id'>>;
  cancelTask?: Resolver<Maybe<ResolversTypes['TaskOnlyPayload']>, ParentType, ContextType, RequireFields<MutationCancelTaskArgs, 'id'>>;
  bookVacation?: Resolver<Maybe<ResolversTypes['BookVacationPayload']>, ParentType, ContextType, RequireFields<MutationBookVacationArgs, 'input'>>;
  changeVacation?: Resolver<Maybe<ResolversTypes['VacationPayload']>, ParentType, ContextType, RequireFields<MutationChangeVacationArgs, 'id' | 'baseVersion' | 'patch'>>;
  cancelVacation?: Resolver<Maybe<ResolversTypes['VacationPayload']>, ParentType, ContextType, RequireFields<MutationCancelVacationArgs, 'id' | 'baseVersion'>>;
  createCustomer?: Resolver<Maybe<ResolversTypes['CustomerPayload']>, ParentType, ContextType, RequireFields<MutationCreateCustomerArgs, 'input'>>;
  updateCustomer?: Resolver<Maybe<ResolversTypes['CustomerPayload']>, ParentType, ContextType, RequireFields<MutationUpdateCustomerArgs, 'id' | 'baseVersion' | 'patch'>>;
  deleteCustomer?: Resolver<Maybe<ResolversTypes['CustomerPayload']>, ParentType, ContextType, RequireFields<MutationDeleteCustomerArgs, 'id' | 'baseVersion'>>;
};

export type ResolvePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ResolvePayload'] = ResolversParentTypes['ResolvePayload']> = {
  task?: Resolver<ResolversTypes['Task'], ParentType, ContextType>;
  resolved?: Resolver<Maybe<ResolversTypes['Task']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type TaskOnlyPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['TaskOnlyPayload'] = ResolversParentTypes['TaskOnlyPayload']> = {
  task?: Resolver<ResolversTypes['Task'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CheckOutPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CheckOutPayload'] = ResolversParentTypes['CheckOutPayload']> = {
  task?: Resolver<ResolversTypes['Task'], ParentType, ContextType>;
  token?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  until?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  heldBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CheckInPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CheckInPayload'] = ResolversParentTypes['CheckInPayload']> = {
  task?: Resolver<ResolversTypes['Task'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MoneyResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Money'] = ResolversParentTypes['Money']> = {
  amount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  currency?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type OfferResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Offer'] = ResolversParentTypes['Offer']> = {
  __resolveType: TypeResolveFn<'HotelOffer' | 'CarOffer' | 'FlightOffer', ParentType, ContextType>;
};

export type HotelOfferResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['HotelOffer'] = ResolversParentTypes['HotelOffer']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  updatedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  place?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  price?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  validUntil?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  discontinued?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  replacedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  stars?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CarOfferResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CarOffer'] = ResolversParentTypes['CarOffer']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  updatedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  place?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  price?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  validUntil?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  discontinued?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  replacedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  seats?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type FlightOfferResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['FlightOffer'] = ResolversParentTypes['FlightOffer']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  updatedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  place?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  price?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  validUntil?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  discontinued?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  replacedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  departs?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CustomerResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Customer'] = ResolversParentTypes['Customer']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  updatedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  ownerId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  email?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  phone?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  address?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  notes?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  checkedOutBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  checkedOutUntil?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type VacationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Vacation'] = ResolversParentTypes['Vacation']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  updatedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  ownerId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  customerId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  customer?: Resolver<Maybe<ResolversTypes['Customer']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['VacationStatus'], ParentType, ContextType>;
  startsOn?: Resolver<ResolversTypes['Date'], ParentType, ContextType>;
  endsOn?: Resolver<ResolversTypes['Date'], ParentType, ContextType>;
  travellers?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  notes?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hotel?: Resolver<Maybe<ResolversTypes['Reservation']>, ParentType, ContextType>;
  flight?: Resolver<Maybe<ResolversTypes['Reservation']>, ParentType, ContextType>;
  car?: Resolver<Maybe<ResolversTypes['Reservation']>, ParentType, ContextType>;
  total?: Resolver<Maybe<ResolversTypes['Money']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ReservationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Reservation'] = ResolversParentTypes['Reservation']> = {
  offerId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  confirmation?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  price?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
};

export type BookVacationPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['BookVacationPayload'] = ResolversParentTypes['BookVacationPayload']> = {
  task?: Resolver<ResolversTypes['Task'], ParentType, ContextType>;
  vacation?: Resolver<Maybe<ResolversTypes['Vacation']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type VacationPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['VacationPayload'] = ResolversParentTypes['VacationPayload']> = {
  task?: Resolver<ResolversTypes['Task'], ParentType, ContextType>;
  vacation?: Resolver<Maybe<ResolversTypes['Vacation']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CustomerPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CustomerPayload'] = ResolversParentTypes['CustomerPayload']> = {
  task?: Resolver<ResolversTypes['Task'], ParentType, ContextType>;
  customer?: Resolver<Maybe<ResolversTypes['Customer']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CustomerConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CustomerConnection'] = ResolversParentTypes['CustomerConnection']> = {
  nodes?: Resolver<Array<ResolversTypes['Customer']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasMore?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type VacationConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['VacationConnection'] = ResolversParentTypes['VacationConnection']> = {
  nodes?: Resolver<Array<ResolversTypes['Vacation']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasMore?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type HotelOfferConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['HotelOfferConnection'] = ResolversParentTypes['HotelOfferConnection']> = {
  nodes?: Resolver<Array<ResolversTypes['HotelOffer']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasMore?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type FlightOfferConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['FlightOfferConnection'] = ResolversParentTypes['FlightOfferConnection']> = {
  nodes?: Resolver<Array<ResolversTypes['FlightOffer']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasMore?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type CarOfferConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CarOfferConnection'] = ResolversParentTypes['CarOfferConnection']> = {
  nodes?: Resolver<Array<ResolversTypes['CarOffer']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasMore?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type Resolvers<ContextType = GatewayContext> = {
  DateTime?: GraphQLScalarType;
  Date?: GraphQLScalarType;
  JSON?: GraphQLScalarType;
  Cursor?: GraphQLScalarType;
  Entity?: EntityResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  ChangesAvailable?: ChangesAvailableResolvers<ContextType>;
  ChangePage?: ChangePageResolvers<ContextType>;
  Removal?: RemovalResolvers<ContextType>;
  TaskPayload?: TaskPayloadResolvers<ContextType>;
  Task?: TaskResolvers<ContextType>;
  TaskStep?: TaskStepResolvers<ContextType>;
  Conflict?: ConflictResolvers<ContextType>;
  Rejection?: RejectionResolvers<ContextType>;
  Suggestion?: SuggestionResolvers<ContextType>;
  Reconciliation?: ReconciliationResolvers<ContextType>;
  TaskConnection?: TaskConnectionResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  ResolvePayload?: ResolvePayloadResolvers<ContextType>;
  TaskOnlyPayload?: TaskOnlyPayloadResolvers<ContextType>;
  CheckOutPayload?: CheckOutPayloadResolvers<ContextType>;
  CheckInPayload?: CheckInPayloadResolvers<ContextType>;
  Money?: MoneyResolvers<ContextType>;
  Offer?: OfferResolvers<ContextType>;
  HotelOffer?: HotelOfferResolvers<ContextType>;
  CarOffer?: CarOfferResolvers<ContextType>;
  FlightOffer?: FlightOfferResolvers<ContextType>;
  Customer?: CustomerResolvers<ContextType>;
  Vacation?: VacationResolvers<ContextType>;
  Reservation?: ReservationResolvers<ContextType>;
  BookVacationPayload?: BookVacationPayloadResolvers<ContextType>;
  VacationPayload?: VacationPayloadResolvers<ContextType>;
  CustomerPayload?: CustomerPayloadResolvers<ContextType>;
  CustomerConnection?: CustomerConnectionResolvers<ContextType>;
  VacationConnection?: VacationConnectionResolvers<ContextType>;
  HotelOfferConnection?: HotelOfferConnectionResolvers<ContextType>;
  FlightOfferConnection?: FlightOfferConnectionResolvers<ContextType>;
  CarOfferConnection?: CarOfferConnectionResolvers<ContextType>;
};

