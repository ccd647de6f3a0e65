"""The ground of the hub: money, time, people, work rows and the page shell. Imports no other app."""
