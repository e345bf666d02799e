import type { Money, SupplierKind } from './suppliers.ts'

/** One offer as the sandbox starts with it. */
export interface CatalogueOffer {
  readonly supplier: SupplierKind
  /** Unique among all three suppliers. */
  readonly id: string
  readonly name: string
  readonly place: string
  /** Flat: for the whole stay and the whole party. */
  readonly price: Money
  /** How many reservations are left; 0 is sold out. */
  readonly stock: number
  /** Default false. */
  readonly discontinued?: boolean
  readonly replacedBy?: string
  readonly stars?: number
  readonly seats?: number
  /** The time of day at which a flight leaves, `HH:MM` in UTC. */
  readonly departsAt?: string
}

/** Name, stars, price in cents, stock. */
type Hotel = readonly [string, number, number, number]
/** Name, time of departure, price in cents, stock. */
type Flight = readonly [string, string, number, number]
/** Name, seats, price in cents, stock. */
type Car = readonly [string, number, number, number]

interface Place {
  readonly place: string
  readonly hotels: readonly Hotel[]
  readonly flights: readonly Flight[]
  readonly cars: readonly Car[]
}

const places: readonly Place[] = [
  {
    place: 'Lisbon',
    hotels: [
      ['Casa do Farol', 4, 64_000, 80],
      ['Seven Hills House', 3, 41_500, 60],
      ['Ferry Quay Palace', 5, 118_000, 25],
      ['Tramline Rooms', 2, 23_900, 0],
      ['Casa do Farol, garden wing', 4, 78_500, 12],
    ],
    flights: [
      ['Northgull 214', '07:40', 18_900, 160],
      ['Northgull 218', '16:05', 22_400, 160],
      ['Cloudferry 31', '11:20', 15_700, 90],
    ],
    cars: [
      ['Tejo Wheels, small', 4, 17_500, 40],
      ['Tejo Wheels, estate', 5, 24_800, 0],
    ],
  },
  {
    place: 'Bergen',
    hotels: [
      ['Rainlight Hotel', 4, 97_000, 70],
      ['The Net Loft', 3, 62_000, 30],
      ['Seven Peaks Lodge', 5, 149_000, 18],
      ['Wharfside Cabins', 2, 38_000, 0],
    ],
    flights: [
      ['Fjordwing 702', '06:55', 21_300, 140],
      ['Fjordwing 706', '18:30', 26_900, 140],
      ['Northgull 450', '12:10', 19_800, 0],
    ],
    cars: [
      ['Fjord Road Cars, electric', 5, 38_500, 35],
      ['Fjord Road Cars, van', 8, 61_000, 12],
    ],
  },
  {
    place: 'Kyoto',
    hotels: [
      ['Moss Garden Inn', 4, 132_000, 40],
      ['House of the Third Bridge', 3, 78_000, 50],
      ['Cedar Screen Ryokan', 5, 246_000, 10],
      ['Lantern Lane Rooms', 2, 44_000, 60],
    ],
    flights: [
      ['Cloudferry 88', '09:15', 84_000, 220],
      ['Long Meridian 5', '13:45', 92_500, 240],
      ['Long Meridian 7', '22:50', 71_900, 0],
    ],
    cars: [
      ['Maple Drive, compact', 4, 29_000, 30],
      ['Maple Drive, hybrid', 5, 36_500, 1],
    ],
  },
  {
    place: 'Marrakesh',
    hotels: [
      ['Riad of Four Wells', 4, 58_000, 22],
      ['Saffron Court', 5, 104_000, 30],
      ['Atlas Gate Hotel', 3, 36_000, 90],
      ['The Blue Door', 2, 21_500, 45],
    ],
    flights: [
      ['Dunewind 12', '08:25', 17_200, 150],
      ['Dunewind 16', '15:35', 20_600, 150],
      ['Northgull 340', '19:55', 16_100, 3],
    ],
    cars: [
      ['Palm Road Rental, small', 4, 15_900, 50],
      ['Palm Road Rental, off-road', 5, 42_000, 15],
    ],
  },
  {
    place: 'Reykjavik',
    hotels: [
      ['Basalt House', 4, 112_000, 55],
      ['Harbour Steam Hotel', 3, 83_500, 64],
      ['North Light Suites', 5, 187_000, 16],
      ['Turf Roof Hostel', 1, 29_000, 120],
    ],
    flights: [
      ['Fjordwing 910', '10:40', 27_500, 140],
      ['Fjordwing 914', '21:15', 24_900, 140],
      ['Cloudferry 52', '14:00', 23_100, 110],
    ],
    cars: [
      ['Ring Road Cars, four-wheel', 5, 57_000, 28],
      ['Ring Road Cars, camper', 4, 89_000, 0],
    ],
  },
  {
    place: 'Valparaiso',
    hotels: [
      ['Hotel of the Lifts', 3, 47_500, 40],
      ['Painted Stairs House', 4, 71_000, 24],
      ['Pacific Terrace', 5, 126_000, 30],
      ['Mariner Rooms', 2, 24_000, 36],
    ],
    flights: [
      ['Long Meridian 41', '23:30', 103_000, 260],
      ['Long Meridian 43', '11:55', 117_500, 260],
      ['Southcross 9', '17:20', 96_400, 180],
    ],
    cars: [
      ['Coast Range Cars, small', 4, 19_500, 45],
      ['Coast Range Cars, pick-up', 5, 33_000, 20],
    ],
  },
  {
    place: 'Tbilisi',
    hotels: [
      ['Balcony Street Hotel', 4, 52_000, 48],
      ['Sulphur Bath House', 3, 34_500, 40],
      ['Ridge Funicular Grand', 5, 99_000, 34],
      ['Vine Yard Rooms', 2, 18_800, 2],
    ],
    flights: [
      ['Silk Air Road 3', '05:30', 26_000, 170],
      ['Silk Air Road 5', '20:10', 31_200, 170],
      ['Cloudferry 64', '12:45', 28_700, 100],
    ],
    cars: [
      ['Three Rivers Cars, small', 4, 14_400, 38],
      ['Three Rivers Cars, off-road', 5, 31_900, 22],
    ],
  },
  {
    place: 'Halifax',
    hotels: [
      ['Tidewatch Hotel', 4, 86_000, 75],
      ['Citadel Row Inn', 3, 59_500, 52],
      ['The Lightkeeper', 5, 139_000, 20],
      ['Ropewalk Lodge', 2, 33_000, 66],
    ],
    flights: [
      ['Northgull 601', '09:50', 48_300, 190],
      ['Northgull 605', '17:45', 53_900, 190],
      ['Southcross 22', '14:30', 45_100, 120],
    ],
    cars: [
      ['Bay Road Cars, compact', 5, 26_700, 44],
      ['Bay Road Cars, minivan', 7, 43_800, 18],
    ],
  },
]

/** Offers no longer sold, and what takes their place, if anything does. */
const discontinued: ReadonlyMap<string, string | undefined> = new Map([
  ['hotel-lisbon-2', 'hotel-lisbon-1'],
  ['hotel-kyoto-4', 'hotel-kyoto-2'],
  ['hotel-valparaiso-4', undefined],
  ['flight-kyoto-1', 'flight-kyoto-2'],
  ['flight-halifax-3', 'flight-halifax-1'],
  ['car-marrakesh-2', 'car-marrakesh-1'],
  ['car-bergen-2', 'car-bergen-1'],
])

function offersOf({ place, hotels, flights, cars }: Place): CatalogueOffer[] {
  const common = (
    supplier: SupplierKind,
    index: number,
    name: string,
    amount: number,
    stock: number,
  ): CatalogueOffer => {
    const id = `${supplier}-${place.toLowerCase()}-${index + 1}`
    const offer: CatalogueOffer = { supplier, id, name, place, price: { amount, currency: 'EUR' }, stock }
    const replacedBy = discontinued.get(id)
    return { ...offer, discontinued: discontinued.has(id), ...(replacedBy === undefined ? {} : { replacedBy }) }
  }
  return [
    ...hotels.map(([name, stars, amount, stock], index) => ({ ...common('hotel', index, name, amount, stock), stars })),
    ...flights.map(([name, departsAt, amount, stock], index) => ({
      ...common('flight', index, name, amount, stock),
      departsAt,
    })),
    ...cars.map(([name, seats, amount, stock], index) => ({ ...common('car', index, name, amount, stock), seats })),
  ]
}

/**
 * Eight places with four hotels, three flights and two cars each, all made up and the same at every start. What comes
 * after a comma in a name, or as a number at its end, is which offer of the house it is; one hotel in Lisbon has two. Each
 * kind has some that are sold out and some that are discontinued, with a successor and (`hotel-valparaiso-4`) without.
 */
export const demoCatalogue: readonly CatalogueOffer[] = places.flatMap(offersOf)
