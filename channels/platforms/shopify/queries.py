"""What we ask Shopify, as GraphQL of the Admin API 2026-01.

Sizes are chosen so that a query is planned below 1000 points however much it would bring: an object costs
1 point, a connection its ``first`` times what is inside, a mutation 10. The tests count them.
"""

ORDERS_PER_PAGE = 8
LISTINGS_PER_PAGE = 25

_MONEY = "{ shopMoney { amount currencyCode } }"
_BOTH = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"

_LINE = f"""fragment Line on LineItem {{
  id title variantTitle sku quantity currentQuantity unfulfilledQuantity requiresShipping isGiftCard
  variant {{ id }}
  lineItemGroup {{ id title quantity variantId variantSku }}
  originalTotalSet {_BOTH}
  discountedTotalSet(withCodeDiscounts: true) {_MONEY}
  taxLines {{ channelLiable priceSet {_MONEY} }}
  customAttributes {{ key value }}
}}"""

_PARCEL = """fragment Parcel on Fulfillment {
  id status createdAt deliveredAt
  trackingInfo(first: 1) { company number }
  fulfillmentLineItems(first: $parcelLines) { nodes { quantity lineItem { id } } pageInfo { hasNextPage } }
}"""

ORDER_FRAGMENT = f"""fragment WholeOrder on Order {{
  id name createdAt updatedAt processedAt cancelledAt cancelReason closedAt test
  displayFinancialStatus displayFulfillmentStatus returnStatus paymentGatewayNames
  currencyCode presentmentCurrencyCode taxesIncluded note email phone tags sourceName
  totalPriceSet {_BOTH}
  currentTotalPriceSet {_MONEY}
  totalTaxSet {_MONEY}
  totalRefundedSet {_MONEY}
  shippingLines(first: 2) {{
    nodes {{ title code originalPriceSet {_MONEY} discountedPriceSet {_MONEY} }}
    pageInfo {{ hasNextPage }}
  }}
  shippingAddress {{
    name firstName lastName company address1 address2 city province provinceCode zip countryCodeV2 phone
  }}
  customer {{ id }}
  customAttributes {{ key value }}
  lineItems(first: $lines) {{ nodes {{ ...Line }} pageInfo {{ hasNextPage endCursor }} }}
  fulfillmentsCount {{ count }}
  fulfillments(first: $parcels) {{ ...Parcel }}
}}
{_LINE}
{_PARCEL}"""

ORDERS = f"""query Orders($search: String!, $after: String, $first: Int!, $lines: Int!, $parcels: Int!, $parcelLines: Int!) {{
  orders(first: $first, after: $after, query: $search, sortKey: UPDATED_AT) {{
    nodes {{ ...WholeOrder }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{ORDER_FRAGMENT}"""  # noqa: E501
ORDERS_SIZES = {"first": ORDERS_PER_PAGE, "lines": 4, "parcels": 1, "parcelLines": 4}

ORDER = f"""query Order($id: ID!, $lines: Int!, $parcels: Int!, $parcelLines: Int!) {{
  order(id: $id) {{ ...WholeOrder }}
}}
{ORDER_FRAGMENT}"""
ORDER_SIZES = {"lines": 4, "parcels": 1, "parcelLines": 4}

MORE_LINES = f"""query MoreLines($id: ID!, $after: String, $lines: Int!) {{
  order(id: $id) {{
    id
    lineItems(first: $lines, after: $after) {{ nodes {{ ...Line }} pageInfo {{ hasNextPage endCursor }} }}
  }}
}}
{_LINE}"""
MORE_LINES_SIZES = {"lines": 60}

ALL_PARCELS = f"""query AllParcels($id: ID!, $parcels: Int!, $parcelLines: Int!) {{
  order(id: $id) {{ id fulfillments(first: $parcels) {{ ...Parcel }} }}
}}
{_PARCEL}"""
ALL_PARCELS_SIZES = {"parcels": 20, "parcelLines": 20}

MORE_SHIPPING = f"""query MoreShipping($id: ID!) {{
  order(id: $id) {{
    id
    shippingLines(first: 40) {{
      nodes {{ title code originalPriceSet {_MONEY} discountedPriceSet {_MONEY} }}
      pageInfo {{ hasNextPage }}
    }}
  }}
}}"""

BACK = f"""query Back($id: ID!) {{
  order(id: $id) {{
    id
    refunds(first: 8) {{
      id createdAt note
      return {{ id }}
      totalRefundedSet {_MONEY}
      refundLineItems(first: 10) {{
        nodes {{ quantity restockType lineItem {{ id }} subtotalSet {_MONEY} totalTaxSet {_MONEY} }}
        pageInfo {{ hasNextPage }}
      }}
    }}
    returns(first: 10) {{
      nodes {{
        id status createdAt closedAt
        returnLineItems(first: 10) {{
          nodes {{
            id quantity refundedQuantity returnReason customerNote
            ... on ReturnLineItem {{ fulfillmentLineItem {{ lineItem {{ id }} }} }}
          }}
          pageInfo {{ hasNextPage }}
        }}
      }}
      pageInfo {{ hasNextPage }}
    }}
  }}
}}"""

_VARIANT = """fragment Variant on ProductVariant {
  id sku barcode title price requiresComponents updatedAt
  product { id title status productType featuredMedia { preview { image { url } } } }
  inventoryItem {
    id tracked
    inventoryLevels(first: 6) {
      nodes { location { id name isActive } quantities(names: ["available"]) { name quantity } }
      pageInfo { hasNextPage }
    }
  }
}"""

LISTINGS = f"""query Listings($after: String, $first: Int!) {{
  shop {{ currencyCode }}
  productVariants(first: $first, after: $after, sortKey: SKU) {{
    nodes {{ ...Variant }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_VARIANT}"""
LISTINGS_SIZES = {"first": LISTINGS_PER_PAGE}

LISTING = f"""query Listing($search: String!, $first: Int!) {{
  shop {{ currencyCode }}
  productVariants(first: $first, query: $search) {{ nodes {{ ...Variant }} }}
}}
{_VARIANT}"""
LISTING_SIZES = {"first": 5}

CHECK = """query Check {
  shop { name myshopifyDomain currencyCode ianaTimezone shopAddress { countryCodeV2 } }
  currentAppInstallation { accessScopes { handle } }
}"""

SET_QUANTITY = """mutation SetQuantity($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { field message code }
  }
}"""

SET_PRICE = """mutation SetPrice($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants) {
    productVariants { id price }
    userErrors { field message code }
  }
}"""

OPEN_WORK = """query OpenWork($id: ID!) {
  order(id: $id) {
    id cancelledAt
    fulfillments(first: 10) {
      id status
      trackingInfo(first: 1) { number }
      fulfillmentLineItems(first: 10) { nodes { quantity lineItem { id } } pageInfo { hasNextPage } }
    }
    fulfillmentOrders(first: 10) {
      nodes {
        id status
        assignedLocation { location { id } }
        lineItems(first: 20) { nodes { id remainingQuantity lineItem { id } } pageInfo { hasNextPage } }
      }
      pageInfo { hasNextPage }
    }
  }
}"""

FULFILL = """mutation Fulfill($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id status }
    userErrors { field message }
  }
}"""

CANCEL = """mutation Cancel($id: ID!, $reason: OrderCancelReason!, $refund: OrderCancelRefundMethodInput!) {
  orderCancel(orderId: $id, reason: $reason, refundMethod: $refund, restock: true, notifyCustomer: false) {
    job { id done }
    orderCancelUserErrors { field message code }
  }
}"""

CANCELED = "query Canceled($id: ID!) { order(id: $id) { id cancelledAt } }"

SUBSCRIPTIONS = """query Subscriptions($first: Int!) {
  webhookSubscriptions(first: $first) { nodes { id topic uri } pageInfo { hasNextPage } }
}"""
SUBSCRIPTIONS_SIZES = {"first": 100}


def subscribe_mutation(topics: tuple[str, ...]) -> str:
    """Return one mutation that subscribes an address to several topics."""
    parts = "\n".join(
        f"  t{place}: webhookSubscriptionCreate(topic: {topic}, webhookSubscription: $subscription)"
        " { webhookSubscription { id } userErrors { field message } }"
        for place, topic in enumerate(topics)
    )
    return f"mutation Subscribe($subscription: WebhookSubscriptionInput!) {{\n{parts}\n}}"


PAYOUTS = """query Payouts($search: String!, $after: String) {
  shopifyPaymentsAccount {
    payouts(first: 1, after: $after, query: $search, sortKey: ISSUED_AT) {
      nodes {
        id legacyResourceId issuedAt status transactionType externalTraceId
        net { amount currencyCode }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
BALANCE_TRANSACTIONS = """query BalanceTransactions($search: String!, $after: String) {
  shopifyPaymentsAccount {
    balanceTransactions(first: 85, after: $after, query: $search, sortKey: PROCESSED_AT) {
      nodes {
        id type test transactionDate sourceId sourceType sourceOrderTransactionId adjustmentReason
        amount { amount currencyCode }
        fee { amount currencyCode }
        net { amount currencyCode }
        associatedOrder { id name }
        associatedPayout { id status }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
