"""What must hold of accounts, listings and pulls in every snapshot; ``manage.py verify`` looks."""

from ecomhub.discovery import Law

LAWS = [
    Law(
        id="channels.mapped_listing_has_components",
        title="A listing is paired exactly when it sells at least one SKU",
        checked="SELECT count(*) FROM channels_listing",
        violations="""
            SELECT 'listing ' || l.id || ', ' || l.external_id FROM channels_listing l
            WHERE l.is_mapped <> EXISTS (
                SELECT 1 FROM channels_listingcomponent c WHERE c.listing_id = l.id
            )
        """,
    ),
    Law(
        id="channels.paired_listing_is_published",
        title="Every paired listing has its publication, so that no stock change is forgotten",
        checked="SELECT count(*) FROM channels_listing WHERE is_mapped",
        violations="""
            SELECT 'listing ' || l.id || ', ' || l.external_id FROM channels_listing l
            LEFT JOIN channels_publication p ON p.listing_id = l.id
            WHERE l.is_mapped AND p.id IS NULL
        """,
    ),
    Law(
        id="channels.publication_is_not_ahead",
        title="No publication claims to have pushed a version its listing has not reached",
        checked="SELECT count(*) FROM channels_publication",
        violations="""
            SELECT 'publication ' || p.id, p.done_version, v.version FROM channels_publication p
            JOIN channels_listing l ON l.id = p.listing_id
            CROSS JOIN LATERAL (
                SELECT l.offer_version + coalesce(sum(s.version), 0) AS version
                FROM channels_listingcomponent c
                JOIN inventory_stocklevel s ON s.sku_id = c.sku_id
                WHERE c.listing_id = l.id
            ) v
            WHERE p.done_version > v.version
        """,
    ),
    Law(
        id="channels.import_only_account_pushes_nothing",
        title="Nothing is pushed or confirmed for an account that was not switched on",
        checked="SELECT count(*) FROM channels_channelaccount",
        violations="""
            SELECT 'account ' || a.name FROM channels_channelaccount a
            WHERE a.switched_on_at IS NULL AND (a.pushes_stock OR a.confirms_shipments)
        """,
    ),
    Law(
        id="channels.pass_has_both_bounds",
        title="An open pass has both its bounds, and a page token belongs to an open pass",
        checked="SELECT count(*) FROM channels_pull",
        violations="""
            SELECT 'pull ' || p.id || ', ' || p.stream FROM channels_pull p
            WHERE (p.pass_from IS NULL) <> (p.pass_to IS NULL)
                OR p.pass_from > p.pass_to
                OR (p.pass_token <> '' AND p.pass_to IS NULL)
        """,
    ),
    Law(
        id="channels.document_has_its_key",
        title="Every raw document belongs to an object whose data key row exists, destroyed or not",
        checked="SELECT count(*) FROM channels_rawdocument",
        violations="""
            SELECT DISTINCT 'document of ' || d.external_id FROM channels_rawdocument d
            LEFT JOIN channels_datakey k
                ON k.account_id = d.account_id AND k.external_id = d.external_id
            WHERE k.id IS NULL
        """,
    ),
    Law(
        id="channels.channel_stock_is_never_promised",
        title="A channel's own warehouse never backs what is promised to buyers",
        checked="SELECT count(*) FROM inventory_warehouse WHERE kind = 'channel'",
        violations="""
            SELECT 'warehouse ' || w.code FROM inventory_warehouse w
            WHERE w.kind = 'channel' AND (w.is_sellable OR w.channel_reference = '')
        """,
    ),
]
